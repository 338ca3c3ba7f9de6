/** Alternative text for an illustration made from the title and the terms of an article. */
export function illustrationAltText(title: string, terms: readonly string[]): string {
  const named = terms.slice(0, 3);
  const last = named.at(-1);
  const list = named.length > 1 ? `${named.slice(0, -1).join(', ')} and ${last}` : (last ?? '');
  const subject = title.trim() === '' ? 'Illustration of the article' : `Illustration of the article “${title.trim()}”`;
  return list === '' ? subject : `${subject}: ${list}`;
}
