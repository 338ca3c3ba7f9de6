import { LOCKED, type ProseBlock } from './prose-block.js';
import type { SourceEdit } from './source-edits.js';

/** What a rule wants: units `start` to `end` of a block's prose replaced. */
export interface ProseEdit {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  readonly after: string;
}

/** What a rule has to say without changing anything. */
export interface ProseRemark {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/**
 * The same edit on the source; `undefined` unless every unit it replaces is free and they lie side by side in the
 * source, so that no markup, escape or protected text is within it.
 */
export function toSourceEdit(block: ProseBlock, edit: ProseEdit): SourceEdit | undefined {
  const { start, end, rule, after } = edit;
  const from = start === end ? start - 1 : start;
  const to = start === end ? start + 1 : end;
  for (let index = from; index < to; index++) {
    const offset = block.offsets[index];
    if (offset === undefined || ((block.flags[index] ?? LOCKED) & LOCKED) !== 0) return undefined;
    if (index > from && offset !== (block.offsets[index - 1] ?? 0) + 1) return undefined;
  }
  const sourceStart = start === end ? (block.offsets[from] ?? 0) + 1 : (block.offsets[start] ?? 0);
  return { rule, start: sourceStart, end: sourceStart + (end - start), after };
}

/** Whether any unit of the range carries one of the flags. */
export function hasFlag(block: ProseBlock, start: number, end: number, flags: number): boolean {
  for (let index = start; index < end; index++) if (((block.flags[index] ?? 0) & flags) !== 0) return true;
  return false;
}
