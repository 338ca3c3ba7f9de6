import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundResult } from './bounded-result.js';
import type { CopyEdit, CopyEditRemark } from './copy-edit-result.js';

const place = { line: 1, column: 1, offset: 0 };
const edit = (after: string): CopyEdit => ({ ...place, rule: 'quotes', before: '"', after });
const remark = (rule: string, excerpt = 'x'): CopyEditRemark => ({ ...place, rule, message: 'm', excerpt });
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('boundResult', () => {
  it('leaves alone what fits', () => {
    const result = { text: 'Text.', edits: [edit('“'), edit('”')], remarks: [remark('a'), remark('spelling')] };
    expect(boundResult(result, 10_000)).toEqual({ ...result, editsLeftOut: 0, remarksLeftOut: 0 });
  });

  it('fits, keeps the text, lists the first ones, and counts the others', () => {
    const words = fc.string({ unit: 'binary', maxLength: 40 });
    const edits = fc.array(words.map(edit), { maxLength: 200 });
    const remarks = fc.array(
      words.map((excerpt) => remark('a', excerpt)),
      { maxLength: 90 },
    );
    fc.assert(
      fc.property(words, edits, remarks, fc.integer({ min: 2_000, max: 20_000 }), (text, edits, remarks, maxBytes) => {
        const bounded = boundResult({ text, edits, remarks }, maxBytes);
        expect(bytesOf(bounded)).toBeLessThanOrEqual(maxBytes);
        expect(bounded.text).toBe(text);
        expect(bounded.edits).toEqual(edits.slice(0, edits.length - bounded.editsLeftOut));
        expect(bounded.remarks).toEqual(remarks.slice(0, remarks.length - bounded.remarksLeftOut));
      }),
    );
  });

  it('gives edits the larger part of the room, and all of it where there are no remarks', () => {
    const edits = Array.from({ length: 1_000 }, () => edit('“'));
    const remarks = Array.from({ length: 90 }, () => remark('a', 'x'.repeat(500)));
    const alone = boundResult({ text: '', edits, remarks: [] }, 60_000);
    const beside = boundResult({ text: '', edits, remarks }, 60_000);
    expect(alone.edits.length * bytesOf(edits[0])).toBeGreaterThan(57_000);
    expect(beside.edits.length / alone.edits.length).toBeGreaterThan(0.7);
    expect(beside.remarks.length).toBeGreaterThan(20);
  });

  it('lists the first 100 remarks of a rule, and 40 words', () => {
    const remarks = ['a', 'b', 'spelling'].flatMap((rule) => Array.from({ length: 150 }, () => remark(rule)));
    const bounded = boundResult({ text: '', edits: [], remarks }, 500_000);
    const count = (rule: string) => bounded.remarks.filter((one) => one.rule === rule).length;
    expect([count('a'), count('b'), count('spelling'), bounded.remarksLeftOut]).toEqual([100, 100, 40, 210]);
  });
});
