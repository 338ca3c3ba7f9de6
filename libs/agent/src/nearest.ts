import { distance } from 'fastest-levenshtein';

const MAX_NEAREST = 3;

/** Up to three names that may have been meant, the nearest first: a third of the letters may differ. */
export function nearestNames(asked: string, names: Iterable<string>): readonly string[] {
  const most = Math.max(1, Math.floor(asked.length / 3));
  return [...names]
    .map((name) => ({ name, edits: distance(asked, name) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NEAREST)
    .map(({ name }) => name);
}
