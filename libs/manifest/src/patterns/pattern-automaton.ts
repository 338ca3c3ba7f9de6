/** What a backtracking engine may try at each character of a text, as a graph. Pure. */
import { type ParsedPattern, type PatternNode, UnboundedPattern } from './pattern-syntax.js';

/** A set of characters that no class of the pattern tells apart. */
export type Atom = number;

export interface Automaton {
  /** What may be read first. */
  readonly entry: number;
  /** Reads one character of these atoms, then goes on at `next`; undefined for a state that reads nothing. */
  readonly reads: readonly (Reading | undefined)[];
  /** Of a state that reads nothing: where it may go on. */
  readonly ways: readonly (readonly number[])[];
  /** Of a state that ends a round of a loop: the state that begins the next. */
  readonly rounds: ReadonlyMap<number, number>;
  /** A character of each atom. */
  readonly examples: readonly string[];
}

interface Reading {
  readonly atoms: readonly Atom[];
  readonly next: number;
}

/** More states than these no honest pattern has. */
const MAX_STATES = 5_000;
const ANYTHING: PatternNode = { kind: 'class', source: '[^]' };

/**
 * @param spend takes the steps of the work, and throws when there are too many
 * @throws UnboundedPattern for what no automaton tells the cost of
 */
export function automatonOf({ node, codePoints }: ParsedPattern, spend: (steps: number) => void): Automaton {
  const whole = unanchored(withoutLastRepeat(node));
  const atoms = new Atoms([...classesIn(whole)], codePoints, spend);
  const graph = new Graph(atoms, spend);
  const entry = graph.build(whole, graph.end);
  return { entry, reads: graph.reads, ways: graph.ways, rounds: graph.rounds, examples: atoms.examples };
}

/** A pattern that does not begin with `^` is tried at every character. */
function unanchored(node: PatternNode): PatternNode {
  const parts = node.kind === 'choice' ? node.parts : [node];
  const anywhere = parts.filter((part) => !isAnchored(part));
  if (anywhere.length === 0) return node;
  const lead: PatternNode = { kind: 'repeat', part: ANYTHING, min: 0, max: Number.POSITIVE_INFINITY };
  const found: PatternNode = { kind: 'sequence', parts: [lead, { kind: 'choice', parts: anywhere }] };
  return { kind: 'choice', parts: [...parts.filter(isAnchored), found] };
}

function isAnchored(node: PatternNode): boolean {
  if (node.kind === 'start') return true;
  if (node.kind === 'sequence') return node.parts[0] !== undefined && isAnchored(node.parts[0]);
  if (node.kind === 'choice') return node.parts.every(isAnchored);
  return node.kind === 'repeat' && node.min > 0 && isAnchored(node.part);
}

/** At its end a pattern has matched, whatever more of a character it would take: nothing makes it go back there. */
function withoutLastRepeat(node: PatternNode): PatternNode {
  if (node.kind === 'choice') return { ...node, parts: node.parts.map(withoutLastRepeat) };
  if (node.kind === 'repeat' && node.max > node.min && (node.part.kind === 'class' || node.part.kind === 'literal')) {
    return { ...node, max: node.min };
  }
  const last = node.kind === 'sequence' ? node.parts.at(-1) : undefined;
  if (node.kind !== 'sequence' || !last) return node;
  const shorter = withoutLastRepeat(last);
  const before = node.parts.slice(0, -1);
  const isEmpty = shorter.kind === 'repeat' && shorter.max === 0;
  return isEmpty ? withoutLastRepeat({ ...node, parts: before }) : { ...node, parts: [...before, shorter] };
}

function* classesIn(node: PatternNode): Generator<string> {
  if (node.kind === 'class') yield node.source;
  if ('part' in node) yield* classesIn(node.part);
  if ('parts' in node) for (const part of node.parts) yield* classesIn(part);
}

/** White space outside ASCII, which \s knows, and what stands beside it. */
const SPACES = [0x85, 0xa0, 0x1680, 0x1fff, 0x2000, 0x200a, 0x200b, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff];
const HAS_PROPERTY = /\\[pP]/;

/** The characters, told apart as far as the pattern does. Of properties, like \p{L}, as many are looked at as take little time. */
class Atoms {
  readonly examples: string[] = [];
  readonly #byClass = new Map<string, Atom[]>();
  readonly #byLiteral = new Map<number, Atom[]>();

  constructor(classes: readonly string[], written: ReadonlySet<number>, spend: (steps: number) => void) {
    const sources = [...new Set(classes)];
    const tests = sources.map((source) => new RegExp(`^${source}$`, 'u'));
    const known = new Map<string, Atom>();
    for (const codePoint of samples(
      written,
      sources.some((source) => HAS_PROPERTY.test(source)),
    )) {
      spend(1 + tests.length / 4);
      const text = String.fromCodePoint(codePoint);
      const fits = tests.map((test) => test.test(text));
      const signature = `${fits.map(Number).join('')}${written.has(codePoint) ? text : ''}`;
      if (known.has(signature)) continue;
      const atom = this.examples.push(text) - 1;
      known.set(signature, atom);
      if (written.has(codePoint)) this.#byLiteral.set(codePoint, [atom]);
      for (const [index, source] of sources.entries()) {
        if (fits[index]) this.#byClass.set(source, [...(this.#byClass.get(source) ?? []), atom]);
      }
    }
  }

  of(node: PatternNode): readonly Atom[] {
    if (node.kind === 'class') return this.#byClass.get(node.source) ?? [];
    return node.kind === 'literal' ? (this.#byLiteral.get(node.codePoint) ?? []) : [];
  }
}

function* samples(written: ReadonlySet<number>, hasProperties: boolean): Generator<number> {
  for (let codePoint = 0; codePoint < 0x80; codePoint++) yield (codePoint + 0x61) % 0x80; // letters are shown first
  yield* SPACES;
  for (const codePoint of written) {
    yield codePoint;
    yield Math.max(codePoint - 1, 0);
    yield Math.min(codePoint + 1, 0x10ffff);
  }
  yield 0x10fffe;
  if (!hasProperties) return;
  for (let codePoint = 0x80; codePoint < 0x2000; codePoint++) yield codePoint;
  for (let codePoint = 0x2000; codePoint < 0x20000; codePoint += 37) yield codePoint;
}

class Graph {
  readonly reads: (Reading | undefined)[] = [];
  readonly ways: (readonly number[])[] = [];
  readonly rounds = new Map<number, number>();
  /** Nothing follows. */
  readonly end: number;
  readonly #atoms: Atoms;
  readonly #spend: (steps: number) => void;

  constructor(atoms: Atoms, spend: (steps: number) => void) {
    this.#atoms = atoms;
    this.#spend = spend;
    this.end = this.#state(undefined, []);
  }

  /** The state that reads what the node does, then goes on at `next`. */
  build(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'class':
      case 'literal':
        return this.#state({ atoms: this.#atoms.of(node), next }, []);
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.build(part, after), next);
      case 'choice':
        return this.#state(
          undefined,
          node.parts.map((part) => this.build(part, next)),
        );
      case 'repeat':
        return this.#repeat(node.part, node.min, node.max, next);
      case 'ahead': // what is looked at is read for nothing, and then once more
        return this.#state(undefined, [this.build(node.part, this.end), next]);
      case 'behind':
        if (hasRepeat(node.part)) throw new UnboundedPattern('repeats something in a look-behind');
        return next;
      case 'unsupported':
        throw new UnboundedPattern(`has ${node.what}`);
      default:
        return next;
    }
  }

  #repeat(part: PatternNode, min: number, max: number, next: number): number {
    let after = next;
    if (max === Number.POSITIVE_INFINITY) {
      after = this.#state(undefined, []);
      const round = this.#state(undefined, [after]);
      this.rounds.set(round, after);
      this.ways[after] = [this.build(part, round), next];
    } else {
      for (let count = min; count < max; count++) after = this.#state(undefined, [this.build(part, after), next]);
    }
    for (let count = 0; count < min; count++) {
      this.#spend(1);
      after = this.build(part, after);
    }
    return after;
  }

  #state(reading: Reading | undefined, ways: readonly number[]): number {
    this.#spend(1 + (reading?.atoms.length ?? 0));
    if (this.reads.length >= MAX_STATES) throw new UnboundedPattern('is too large, with all that it repeats');
    this.ways.push(ways);
    return this.reads.push(reading) - 1;
  }
}

function hasRepeat(node: PatternNode): boolean {
  if (node.kind === 'repeat' || node.kind === 'unsupported') return true;
  if ('part' in node) return hasRepeat(node.part);
  return 'parts' in node && node.parts.some(hasRepeat);
}
