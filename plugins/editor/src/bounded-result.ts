import type { CopyEdit, CopyEditRemark, CopyEditResult } from './copy-edit-result.js';

/** Past so many of one kind another remark says nothing new. */
const MAX_REMARKS_PER_RULE = 100;
/** More unknown words than this in one article, and the list helps nobody. */
const MAX_SPELLING_REMARKS = 40;
/** How much of the room beside the text remarks may take; edits get what remains. */
const REMARKS_SHARE = 1 / 4;
/** Braces, names of fields and counts around the parts. */
const FRAME_BYTES = 1_024;

/** A result that fits a message: the whole text, and of edits and remarks those that have room. */
export interface BoundedCopyEdit {
  readonly text: string;
  readonly edits: readonly CopyEdit[];
  readonly editsLeftOut: number;
  readonly remarks: readonly CopyEditRemark[];
  readonly remarksLeftOut: number;
}

/**
 * Bounds what is listed beside the text, so that all of it takes `maxBytes` as JSON. The first edits and remarks of the
 * document stay, in order; of the others it is told how many there are. The text is never cut.
 */
export function boundResult({ text, edits, remarks }: CopyEditResult, maxBytes: number): BoundedCopyEdit {
  const room = Math.max(0, maxBytes - FRAME_BYTES - jsonBytes(text));
  const listedRemarks = firstThatFit(firstOfEachRule(remarks), room * REMARKS_SHARE);
  const listedEdits = firstThatFit(edits, room - listedRemarks.bytes);
  return {
    text,
    edits: listedEdits.items,
    editsLeftOut: edits.length - listedEdits.items.length,
    remarks: listedRemarks.items,
    remarksLeftOut: remarks.length - listedRemarks.items.length,
  };
}

function firstOfEachRule(remarks: readonly CopyEditRemark[]): CopyEditRemark[] {
  const counts = new Map<string, number>();
  return remarks.filter(({ rule }) => {
    const count = (counts.get(rule) ?? 0) + 1;
    counts.set(rule, count);
    return count <= (rule === 'spelling' ? MAX_SPELLING_REMARKS : MAX_REMARKS_PER_RULE);
  });
}

function firstThatFit<T>(items: readonly T[], maxBytes: number): { items: T[]; bytes: number } {
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const grown = bytes + jsonBytes(item) + 1;
    if (grown > maxBytes) return { items: items.slice(0, index), bytes };
    bytes = grown;
  }
  return { items: [...items], bytes };
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
