/** A value in pieces of bytes, so that a long text is never there as bytes a second time. Texts are encoded in UTF-8. */
export function* chunksOf(value: string | Uint8Array, maxBytes: number): Generator<Uint8Array> {
  if (typeof value !== 'string') {
    for (let at = 0; at < value.length; at += maxBytes) yield value.subarray(at, at + maxBytes);
    return;
  }
  const encoder = new TextEncoder();
  for (let at = 0; at < value.length; ) {
    const chunk = new Uint8Array(maxBytes);
    const { read, written } = encoder.encodeInto(wholeCharacters(value, at, at + maxBytes), chunk);
    at += read;
    yield chunk.subarray(0, written);
  }
}

/** Not the first half of a pair of surrogates without the second. */
function wholeCharacters(text: string, from: number, to: number): string {
  const last = text.charCodeAt(to - 1); // NaN past the end
  return text.slice(from, last >= 0xd800 && last <= 0xdbff ? to - 1 : to);
}
