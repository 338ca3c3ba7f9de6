import { decodeString } from 'micromark-util-decode-string';

/** For each UTF-16 unit of a text node's value: where it starts in the source, and how many units wrote it. */
export interface Alignment {
  readonly offsets: readonly number[];
  readonly widths: readonly number[];
}

const ESCAPE = /\\[!-/:-@[-`{-~]/y;
const REFERENCE = /&(?:#\d{1,7}|#[xX][\dA-Fa-f]{1,6}|[A-Za-z\d]{1,31});/y;

/**
 * Aligns the value of a Markdown text node with the source that wrote it, across escapes, character references,
 * line endings and the prefixes of continued lines (`> `, indents). `undefined` where the two do not match.
 */
export function alignText(source: string, start: number, end: number, value: string): Alignment | undefined {
  const offsets: number[] = [];
  const widths: number[] = [];
  let at = start;
  let afterLineEnding = false;
  for (let index = 0; index < value.length; ) {
    if (at >= end) return undefined;
    const written = markAt(ESCAPE, source, at) ?? markAt(REFERENCE, source, at);
    const decoded = written === undefined ? '' : decodeString(written);
    if (written !== undefined && decoded !== written && value.startsWith(decoded, index)) {
      for (let unit = 0; unit < decoded.length; unit++) {
        offsets.push(at);
        widths.push(written.length);
      }
      at += written.length;
      index += decoded.length;
      afterLineEnding = false;
      continue;
    }
    const unit = value.charAt(index);
    if (source.charAt(at) === unit) {
      offsets.push(at++);
      widths.push(1);
      index++;
      afterLineEnding = unit === '\n' || unit === '\r';
      continue;
    }
    const skippable = source.charAt(at);
    const beforeLineEnding = unit === '\n' || unit === '\r';
    if ((skippable === ' ' || skippable === '\t') && (afterLineEnding || beforeLineEnding)) at++;
    else if (skippable === '>' && afterLineEnding) at++;
    else return undefined;
  }
  return { offsets, widths };
}

function markAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}
