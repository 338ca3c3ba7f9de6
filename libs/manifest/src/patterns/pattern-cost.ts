/**
 * May a pattern take a time that grows faster than the text? An engine that goes back tries, in the worst case, every way in
 * which it can read the beginning of a text. So the ways are counted, over all texts: where there are never more than
 * a bound at once, the time is at most so many times the length. What cannot be shown within some steps is refused too. Pure.
 */
import { type Atom, type Automaton, automatonOf } from './pattern-automaton.js';
import { parsePattern, UnboundedPattern } from './pattern-syntax.js';

/** Ways to read the same beginning of a text, at most. */
const MAX_WAYS = 512;
/** What judging one pattern may take; honest ones take some thousand. */
const PATTERN_STEPS = 500_000;
/** Longer ones are not looked at. */
const MAX_LENGTH = 4096;
const TOO_MANY = 'comes after so many involved patterns that it is not judged any more';
/** How much of a text is shown. */
const SHOWN = 12;

/** What judging patterns may take; several may share one. */
export interface PatternBudget {
  steps: number;
}

/** How many ways lead to each state that reads, once it has read. */
type Ways = ReadonlyMap<number, number>;

/** A text, by its last character and what stood before. */
interface Text {
  readonly ways: Ways;
  readonly total: number;
  readonly last: Atom;
  readonly before: Text | undefined;
}

interface Judged {
  readonly reason: string | undefined;
  readonly steps: number;
}

/** The same manifest is announced by every instance. */
const judged = new Map<string, Judged>();
const MAX_JUDGED = 1_000;

/**
 * Why the pattern may run for too long; undefined where it is shown not to. The same for the same pattern and budget, whenever
 * it is asked for.
 * @param source a regular expression that is valid with the u flag
 */
export function patternRisk(source: string, budget: PatternBudget): string | undefined {
  if (source.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters, which is too long to be judged`;
  if (budget.steps < 0) return TOO_MANY;
  const known = judged.get(source) ?? judge(source);
  if (judged.size >= MAX_JUDGED) judged.clear();
  judged.set(source, known);
  budget.steps -= known.steps;
  return budget.steps < 0 ? TOO_MANY : known.reason;
}

function judge(source: string): Judged {
  let steps = 0;
  const spend = (more: number) => {
    steps += more;
    if (steps > PATTERN_STEPS) throw new UnboundedPattern('is too involved to be judged');
  };
  let reason: string | undefined;
  try {
    const automaton = automatonOf(parsePattern(source), spend);
    const text = ambiguousText(automaton, spend);
    if (text) reason = `can be tried in more than ${MAX_WAYS} ways on one text, such as ${shown(text, automaton)}`;
  } catch (error) {
    if (!(error instanceof UnboundedPattern)) throw error;
    reason = error.message;
  }
  return { reason, steps };
}

/** A text that can be read in too many ways. What an earlier text could do in as many ways is not followed again. */
function ambiguousText(automaton: Automaton, spend: (steps: number) => void): Text | undefined {
  const followers = new Map<number, Ways>();
  const followersOf = (state: number) => {
    const known =
      followers.get(state) ?? readableFrom(automaton, automaton.reads[state]?.next ?? automaton.entry, spend);
    followers.set(state, known);
    return known;
  };
  const open: Text[] = [{ ways: new Map([[-1, 1]]), total: 1, last: -1, before: undefined }];
  const seen = new WidestWays(spend);
  for (let text = open.pop(); text; text = open.pop()) {
    const byAtom = new Map<Atom, Map<number, number>>();
    for (const [state, count] of text.ways) {
      for (const [reader, times] of followersOf(state)) {
        for (const atom of automaton.reads[reader]?.atoms ?? []) {
          spend(1);
          const ways = byAtom.get(atom) ?? new Map<number, number>();
          byAtom.set(atom, ways.set(reader, (ways.get(reader) ?? 0) + count * times));
        }
      }
    }
    const longer = [...byAtom].map(([last, ways]) => ({ ways, total: sum(ways), last, before: text }));
    longer.sort((a, b) => b.total - a.total); // what has most ways covers most others, and is followed first
    const fresh: Text[] = [];
    for (const one of longer) {
      if (one.total > MAX_WAYS) return one;
      if (seen.take(one.ways)) fresh.push(one);
    }
    open.push(...fresh.reverse());
  }
  return undefined;
}

/** What may be read next, and in how many ways it comes to that without reading. A round that reads nothing is not made. */
function readableFrom({ reads, ways, rounds }: Automaton, from: number, spend: (steps: number) => void): Ways {
  const found = new Map<number, number>();
  const onWay = new Map<number, number>();
  const visit = (state: number) => {
    spend(1);
    if (reads[state]) found.set(state, (found.get(state) ?? 0) + 1);
    const loop = rounds.get(state);
    if (loop !== undefined && (onWay.get(loop) ?? 0) > 0) return;
    onWay.set(state, (onWay.get(state) ?? 0) + 1);
    for (const next of ways[state] ?? []) visit(next);
    onWay.set(state, (onWay.get(state) ?? 0) - 1);
  };
  visit(from);
  return found;
}

/** What texts can do in most ways; of two of which one can do all that the other does, it alone. */
class WidestWays {
  readonly #spend: (steps: number) => void;
  readonly #byState = new Map<number, Set<Ways>>();

  constructor(spend: (steps: number) => void) {
    this.#spend = spend;
  }

  /** False where it is covered by what was there before. */
  take(ways: Ways): boolean {
    for (const known of this.#alike(ways)) {
      if (this.#covers(known, ways)) return false;
      if (!this.#covers(ways, known)) continue;
      for (const state of known.keys()) this.#byState.get(state)?.delete(known);
    }
    for (const state of ways.keys()) this.#byState.set(state, (this.#byState.get(state) ?? new Set()).add(ways));
    return true;
  }

  /** Those that have the rarest of its states in common with it. */
  #alike(ways: Ways): Iterable<Ways> {
    let fewest: ReadonlySet<Ways> | undefined;
    for (const state of ways.keys()) {
      const known = this.#byState.get(state) ?? new Set();
      if (!fewest || known.size < fewest.size) fewest = known;
    }
    return [...(fewest ?? [])];
  }

  #covers(wider: Ways, ways: Ways): boolean {
    for (const [state, count] of ways) {
      this.#spend(1);
      if ((wider.get(state) ?? 0) < count) return false;
    }
    return true;
  }
}

function sum(ways: Ways): number {
  let total = 0;
  for (const count of ways.values()) total += count;
  return total;
}

function shown(text: Text, { examples }: Automaton): string {
  const characters: string[] = [];
  for (let at: Text | undefined = text; at?.before; at = at.before) characters.push(examples[at.last] ?? '');
  const start = characters.reverse().slice(0, SHOWN).join('');
  return `${JSON.stringify(start)}${characters.length > SHOWN ? ' and so on' : ''}`;
}
