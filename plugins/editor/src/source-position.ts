/** A place in a document: 1-based line and column, 0-based offset; column and offset count UTF-16 units. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** Turns offsets of `source` into positions, in logarithmic time each. LF, CRLF and a lone CR end a line. */
export function createPositionFinder(source: string): (offset: number) => SourcePosition {
  const lineStarts = [0];
  for (const match of source.matchAll(/\r\n|\n|\r/g)) lineStarts.push(match.index + match[0].length);
  return (offset) => {
    let low = 0;
    let high = lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1, offset };
  };
}
