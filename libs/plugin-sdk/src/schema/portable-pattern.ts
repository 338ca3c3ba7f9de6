/**
 * JSON Schema reads every pattern with the u flag. A pattern without it may mean something else: `.` is then half of an
 * astral character. This matches the sources that mean the same in either mode, as all that they consume is ASCII or
 * white space: no negated class, no dot, no boundary, no look-around, no back reference.
 */
const SAME_WITH_U_FLAG =
  /^(?:[ !"#%&',\-/0-9:;<=>@A-Z_`a-z~]|\\[dwstnrfv^$\\.*+?()[\]{}|/]|\[(?!\^)(?:[ -[^-~]|\\[dwstnrfv^$\\.*+?()[\]{}|/-])*\]|\((?:\?:|(?!\?))|[)|^$*+?]|\{\d+(?:,\d*)?\})*$/;

/** A regular expression as a JSON Schema pattern, or what keeps it from being one. */
export type PortablePattern =
  | { readonly pattern: string; readonly obstacle?: undefined }
  | { readonly obstacle: string };

/** Expresses a regular expression as a pattern that means the same to everyone who reads the schema. */
export function portablePattern({ source, flags }: RegExp): PortablePattern {
  const meant = flags.replace(/[dgu]/g, '');
  if (meant !== '') return { obstacle: `a pattern in JSON Schema has no flags, and this one has "${meant}"` };
  if (!flags.includes('u') && !(SAME_WITH_U_FLAG.test(source) && compilesWithUFlag(source))) {
    return { obstacle: 'JSON Schema reads a pattern with the u flag, without which this one may mean something else' };
  }
  return { pattern: source };
}

function compilesWithUFlag(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
