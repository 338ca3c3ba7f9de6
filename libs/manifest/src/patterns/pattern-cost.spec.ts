import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { patternRisk } from './pattern-cost.js';
import { type PatternNode, parsePattern } from './pattern-syntax.js';

const risk = (source: string) => {
  expect(() => new RegExp(source, 'u')).not.toThrow();
  return patternRisk(source, { steps: 1e9 });
};

const HARMLESS = [
  ['a name', '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'],
  ['a date', '^\\d{4}-\\d{2}-\\d{2}$'],
  ['a time', '^([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)$'],
  ['a UUID', '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'],
  ['a URL', '^https?://[^\\s]+$'],
  ['an IPv4 address', '^((25[0-5]|(2[0-4]|1\\d|[1-9]|)\\d)\\.?\\b){4}$'],
  ['a host name', '^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$'],
  ['a semver version', '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$'],
  ['a password', '^(?=.*[A-Z])(?=.*\\d)(?!.*\\s).{8,64}$'],
  ['words in any script', '^\\p{L}[\\p{L}\\p{N}]*(?: \\p{L}+)*$'],
  ['a list', '^[a-z]+(?:, [a-z]+)*$'],
  ['what any text has', '\\S+'],
  ['what a text begins with', 'foo.*'],
  ['many words', `^(?:${Array.from({ length: 300 }, (_, index) => `word-${index}`).join('|')})$`],
  ['repeats that are counted', '^[a-z]{1,20}-?[a-z]{1,20}$'],
  ['a long text', '^.{1,2000}$'],
  ['astral characters', '^[\\u{1F600}-\\u{1F64F}]*[\\u{1F610}\\uD83D\\uDE11]$'],
  ['a loop of what may be nothing', '^(?:a?)*$'],
  ['a look-behind', '(?<!a)b'],
] as const;

const HARMFUL = [
  ['a loop of loops', '^(a+)+$'],
  ['a loop of loops of nothing', '^(?:a*)*$'],
  ['alternatives that are the same', '^(a|a)*$'],
  ['alternatives that are the same together', '^(ab|a|b)*c'],
  ['loops side by side', '^\\w*\\d*x'],
  ['loops with something between that fits both', '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'],
  ['a loop that is tried everywhere', '\\s+$'],
  ['any text before', '.*foo'],
  ['counted loops of loops', '^(.{0,20}a){10}$'],
  ['what may be nothing, counted', '^(a?){40}$'],
  ['loops within a look-ahead', '^(?=(a+)+$)'],
  ['a look-ahead that is tried everywhere', '(?=a*b)a'],
  ['properties that overlap', '^(\\p{L}|\\p{Lu})*$'],
  ['an escape for what stands there too', '^(\\x61|a|\\u{62})*$'],
  ['a back reference', '^(a+)\\1$'],
  ['a loop in a look-behind', '(?<=a+)b'],
  ['modifiers', '^(?i:a|A)*$'],
  ['more than can be taken apart', '^(?:a{0,1000}){0,1000}$'],
  ['groups without end', `${'('.repeat(1_500)}${')'.repeat(1_500)}`],
] as const;

describe('patternRisk', () => {
  it.each(HARMLESS)('%s — is harmless: %s', (_, source) => {
    expect(risk(source)).toBeUndefined();
  });

  it.each(HARMFUL)('%s — is told: %s', (_, source) => {
    expect(risk(source)).toEqual(expect.any(String));
  });

  it('a text that is tried in too many ways — is shown', () => {
    expect(risk('^(x|xx|y)+$')).toBe(
      'can be tried in more than 512 ways on one text, such as "xxxxxxxxxxxx" and so on',
    );
  });

  it('the steps — are bounded, the same each time, and shared', () => {
    const budget = { steps: 1e9 };
    const cost = (source: string) => {
      const before = budget.steps;
      patternRisk(source, budget);
      return before - budget.steps;
    };
    const involved = '^(?:.{0,30}[a-m].{0,30}[g-z]|.{0,40}[^a-z].{0,40})$';
    expect(cost(involved)).toBeLessThan(501_000);
    expect(cost(involved)).toBe(cost(involved));
    expect(patternRisk('^a$', { steps: 3 })).toMatch(/not judged any more/);
  });

  it('a pattern without risk — is never tried in more ways than that, as an engine that goes back counts them', () => {
    const letter = fc.constantFrom('a', 'b', '[ab]', '.', '\\w');
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4 },
        letter,
        fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => one + other),
        fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `(?:${one}|${other})`),
        fc
          .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{0,3}', '{2}'))
          .map(([one, times]) => `(?:${one})${times}`),
        tie('pattern').map((one) => `(?=${one})`),
      ),
    }));
    const anchored = fc.tuple(fc.boolean(), pattern, fc.boolean());
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 24 });
    fc.assert(
      fc.property(anchored, text, fc.nat(2), ([start, middle, end], head, tail) => {
        const source = `${start ? '^' : ''}${middle}${end ? '$' : ''}`;
        if (risk(source)) return;
        const subject = head.repeat(3) + 'abc'[tail];
        const { matches, reads } = search(parsePattern(source).node, subject);
        expect(matches).toBe(new RegExp(source, 'u').test(subject));
        expect(reads).toBeLessThanOrEqual(513 * (subject.length + 1));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** An engine as ECMA-262 describes it, which counts the characters that it reads; it gives up when they are too many. */
function search(pattern: PatternNode, text: string): { matches: boolean; reads: number } {
  let reads = 0;
  const run = (node: PatternNode, at: number, go: (at: number) => boolean): boolean => {
    switch (node.kind) {
      case 'class':
      case 'literal': {
        const source = node.kind === 'class' ? node.source : String.fromCodePoint(node.codePoint);
        const fits = at < text.length && new RegExp(`^${source}$`, 'u').test(text[at] ?? '');
        if (fits && ++reads > 100_000) throw new Error('too many');
        return fits && go(at + 1);
      }
      case 'sequence': {
        const from = (index: number, place: number): boolean => {
          const part = node.parts[index];
          return part ? run(part, place, (next) => from(index + 1, next)) : go(place);
        };
        return from(0, at);
      }
      case 'choice':
        return node.parts.some((part) => run(part, at, go));
      case 'repeat': {
        const round = (count: number, place: number): boolean => {
          const again = (next: number) => (count >= node.min && next === place ? false : round(count + 1, next));
          if (count < node.max && run(node.part, place, again)) return true;
          return count >= node.min && go(place);
        };
        return round(0, at);
      }
      case 'ahead':
        return run(node.part, at, () => true) && go(at);
      case 'start':
        return at === 0 && go(at);
      case 'boundary':
        return at === text.length && go(at);
      default:
        throw new Error(node.kind);
    }
  };
  for (let at = 0; at <= text.length; at++) if (run(pattern, at, () => true)) return { matches: true, reads };
  return { matches: false, reads };
}
