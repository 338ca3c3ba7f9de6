/** How the work grows with the text: in proportion. Compared are sizes in processor time of this thread, never with a clock. */
import { describe, expect, it } from '@jest/globals';
import { articleFacts } from './article-facts.js';
import { copyEdit } from './copy-edit.js';

const SMALL = 8_000;
const FACTOR = 8;
/** In proportion it is 8, by the square 64. */
const MAX_GROWTH = 28;
/** Less is within what a collection of garbage takes. */
const FLOOR_MS = 8;

const PROSE = "It doesnt take a hour to read the the long text, *however* “odd” it's.  See `code`.\n\n";

function growth(work: (text: string) => unknown, unit: string): number {
  const cost = (length: number): number => {
    const text = unit.repeat(length / unit.length);
    const costs = [0, 1].map(() => {
      const before = process.threadCpuUsage();
      work(text);
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1_000;
    });
    return Math.min(...costs);
  };
  const small = Math.max(FLOOR_MS, cost(SMALL));
  return cost(SMALL * FACTOR) / small;
}

describe('copyEdit and articleFacts — take as much longer as the text is longer', () => {
  it.each([PROSE, 'a', 'Aa', 'a-', 'a.bb', 'x/', '{{ ', "'a ", '{% raw %} ', '$a ', 'Word '])('of %j', (unit) => {
    expect(growth(articleFacts, unit)).toBeLessThan(MAX_GROWTH);
    expect(growth(copyEdit, unit)).toBeLessThan(MAX_GROWTH);
  });

  it('and copyEdit finds every slip of a long text', () => {
    const paragraphs = Math.ceil(200_000 / PROSE.length);
    expect(copyEdit(PROSE.repeat(paragraphs)).edits.length).toBe(5 * paragraphs);
  });
});
