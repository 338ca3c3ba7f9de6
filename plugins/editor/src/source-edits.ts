/** Replace `source.slice(start, end)` by `after`; what it was called by. */
export interface SourceEdit {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  readonly after: string;
}

/** Applies edits that are sorted and do not overlap. Everything outside their ranges stays as it is. */
export function applyEdits(source: string, edits: readonly SourceEdit[]): string {
  let text = '';
  let at = 0;
  for (const edit of edits) {
    text += source.slice(at, edit.start) + edit.after;
    at = edit.end;
  }
  return text + source.slice(at);
}

/** Sorted, without those that touch one before them; of two that begin together the longer one stays. */
export function withoutOverlaps(edits: readonly SourceEdit[]): SourceEdit[] {
  const sorted = [...edits].sort((one, other) => one.start - other.start || other.end - one.end);
  const kept: SourceEdit[] = [];
  for (const edit of sorted) {
    const last = kept.at(-1);
    if (last === undefined || edit.start > last.end || (edit.start === last.end && edit.end > edit.start))
      kept.push(edit);
  }
  return kept;
}

/**
 * Edits of the original that have the same outcome as `first` applied to it and `second` applied to the outcome.
 * Where the two meet they become one edit, under the first one's rule.
 */
export function composeEdits(
  original: string,
  first: readonly SourceEdit[],
  second: readonly SourceEdit[],
): SourceEdit[] {
  const outcome = applyEdits(original, first);
  const items = [...inOutcome(first), ...second.map((edit) => ({ ...edit, growth: 0, later: edit }))];
  items.sort((one, other) => one.start - other.start || one.end - other.end);
  const composed: SourceEdit[] = [];
  /** How far the outcome is ahead of the original at the place at hand. */
  let shift = 0;
  for (let index = 0; index < items.length; ) {
    const cluster = [];
    let end = -1;
    for (let item = items[index]; item && (cluster.length === 0 || item.start <= end); item = items[++index]) {
      cluster.push(item);
      end = Math.max(end, item.end);
    }
    const start = cluster[0]?.start ?? 0;
    const later = cluster.flatMap((item) => (item.later ? [shifted(item.later, -start)] : []));
    const grown = shift + cluster.reduce((sum, item) => sum + item.growth, 0);
    const edit = {
      rule: (cluster.find((item) => item.later === undefined) ?? cluster[0])?.rule ?? '',
      start: start - shift,
      end: end - grown,
      after: applyEdits(outcome.slice(start, end), later),
    };
    if (original.slice(edit.start, edit.end) !== edit.after) composed.push(edit);
    shift = grown;
  }
  return composed;
}

interface Item {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  readonly growth: number;
  /** The edit of the second round, where it is one. */
  readonly later?: SourceEdit;
}

/** Where the replaced texts lie once the edits are applied. */
function inOutcome(edits: readonly SourceEdit[]): Item[] {
  let shift = 0;
  return edits.map(({ rule, start, end, after }) => {
    const growth = after.length - (end - start);
    const item = { rule, start: start + shift, end: start + shift + after.length, growth };
    shift += growth;
    return item;
  });
}

function shifted(edit: SourceEdit, by: number): SourceEdit {
  return { ...edit, start: edit.start + by, end: edit.end + by };
}
