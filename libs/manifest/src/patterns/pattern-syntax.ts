/** A regular expression of ECMA-262 with the u flag, taken apart as far as it matters for how long it may run. Pure. */

export type PatternNode =
  /** One code point: of a class as it is written, like `[a-z]`, `\d` or `.`, or just this one. */
  | { readonly kind: 'class'; readonly source: string }
  | { readonly kind: 'literal'; readonly codePoint: number }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly min: number; readonly max: number }
  | { readonly kind: 'ahead' | 'behind'; readonly part: PatternNode }
  /** `^`; then `$`, `\b` and `\B`. */
  | { readonly kind: 'start' | 'boundary' }
  | { readonly kind: 'unsupported'; readonly what: string };

export interface ParsedPattern {
  readonly node: PatternNode;
  /** Every code point that is written in it, also as the end of a range: where classes may begin or end. */
  readonly codePoints: ReadonlySet<number>;
}

/** Why a pattern cannot be judged. */
export class UnboundedPattern extends Error {}

/** Groups within each other: more no honest pattern has. */
const MAX_DEPTH = 100;

/**
 * @param source one that `new RegExp(source, 'u')` takes: what is wrong with others is not found here
 * @throws UnboundedPattern where it is nested too deep
 */
export function parsePattern(source: string): ParsedPattern {
  const parser = new PatternParser(source);
  return { node: parser.choice(), codePoints: parser.codePoints };
}

const CLASS_ESCAPE = /\\(?:[dDwWsS]|[pP]\{[^}]*\})/uy;
const CODE_POINT_ESCAPE = /\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|c([A-Za-z])|([\s\S]))/uy;
const LOW_SURROGATE = /\\u([dD][c-fC-F][0-9a-fA-F]{2})/uy;
const BACK_REFERENCE = /\\(?:[1-9]\d*|k<[^>]*>)/uy;
const CLASS = /\[(?:[^\]\\]|\\[\s\S])*\]/uy;
const GROUP = /\((?:\?(?:(:)|(<?[=!])|<[^>]*>|([a-z-]+:)))?/uy;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/uy;
const CONTROL: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 };

class PatternParser {
  readonly codePoints = new Set<number>();
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: 'choice', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] ?? '')) {
      parts.push(this.#quantified(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #quantified(part: PatternNode): PatternNode {
    const found = this.#match(QUANTIFIER);
    if (!found) return part;
    const [, sign, least = '', comma, most] = found;
    if (sign)
      return { kind: 'repeat', part, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Number.POSITIVE_INFINITY };
    const min = Number(least);
    return { kind: 'repeat', part, min, max: comma ? (most ? Number(most) : Number.POSITIVE_INFINITY) : min };
  }

  #atom(): PatternNode {
    if (this.#takes('^')) return { kind: 'start' };
    if (this.#takes('$') || this.#takes('\\b') || this.#takes('\\B')) return { kind: 'boundary' };
    if (this.#takes('.')) return { kind: 'class', source: '.' };
    const group = this.#match(GROUP);
    if (group) return this.#group(group);
    const reference = this.#match(BACK_REFERENCE);
    if (reference) return { kind: 'unsupported', what: `the back reference ${reference[0]}` };
    const named = this.#match(CLASS_ESCAPE) ?? this.#class();
    return named ? { kind: 'class', source: named[0] } : { kind: 'literal', codePoint: this.#codePoint() };
  }

  #group([, , around, modifiers]: RegExpExecArray): PatternNode {
    if (++this.#depth > MAX_DEPTH)
      throw new UnboundedPattern(`has groups more than ${MAX_DEPTH} deep within each other`);
    const part = this.choice();
    this.#takes(')');
    this.#depth--;
    if (modifiers) return { kind: 'unsupported', what: `the modifiers (?${modifiers}…)` };
    if (!around) return part;
    return { kind: around.startsWith('<') ? 'behind' : 'ahead', part };
  }

  /** A class in brackets; what is written in it is kept. */
  #class(): RegExpExecArray | undefined {
    const from = this.#at;
    const found = this.#match(CLASS);
    if (!found) return undefined;
    const end = this.#at - 1;
    this.#at = from + 1;
    while (this.#at < end) if (!this.#match(CLASS_ESCAPE)) this.#codePoint();
    this.#at = end + 1;
    return found;
  }

  #codePoint(): number {
    const codePoint = this.#escaped() ?? this.#literal();
    this.codePoints.add(codePoint);
    return codePoint;
  }

  #literal(): number {
    const codePoint = this.#source.codePointAt(this.#at) ?? 0;
    this.#at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  #escaped(): number | undefined {
    const found = this.#match(CODE_POINT_ESCAPE);
    if (!found) return undefined;
    const [, braced, four, two, control, itself = ''] = found;
    if (control) return (control.codePointAt(0) ?? 0) % 32;
    if (itself) return CONTROL[itself] ?? itself.codePointAt(0);
    const unit = Number.parseInt(braced ?? four ?? two ?? '', 16);
    const low = four && unit >= 0xd800 && unit < 0xdc00 ? this.#match(LOW_SURROGATE) : undefined;
    return low ? (unit - 0xd800) * 0x400 + Number.parseInt(low[1] ?? '', 16) - 0xdc00 + 0x10000 : unit;
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source) ?? undefined;
    if (found) this.#at += found[0].length;
    return found;
  }

  #takes(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}
