/** The number of Unicode code points, which is what JSON Schema counts. A lone surrogate counts as one. */
function codePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      count--;
      index++;
    }
  }
  return count;
}

/** Is a text from `min` to `max` code points long? Counts only where its UTF-16 length leaves it open. */
export function isLengthWithin(text: string, min: number, max: number): boolean {
  const units = text.length;
  if (units < min || units > 2 * max) return false;
  if (units >= 2 * min && units <= max) return true;
  const count = codePoints(text);
  return count >= min && count <= max;
}
