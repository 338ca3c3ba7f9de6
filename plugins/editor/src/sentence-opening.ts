/** Whether a word at `start` would have a capital whatever it is: it is the first of the text, a sentence or a clause after a colon. */
export function opensSentence(text: string, start: number): boolean {
  return /(?:^|[.!?:]["'”’)]*\s+["'“‘(]*)$/.test(text.slice(Math.max(0, start - 6), start));
}
