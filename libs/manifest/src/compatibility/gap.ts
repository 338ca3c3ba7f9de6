import type { Located } from './located-schema.js';

/** A place where values may be accepted by the one schema and not by the other. */
export interface Gap {
  /** Where the wider schema would have to accept more: RFC 6901. */
  readonly wider: string;
  /** Where the other says what it accepts. */
  readonly narrower: string;
  readonly message: string;
}

export function gap(wide: Located, parts: readonly Located[], message: string): Gap {
  return { wider: wide.pointer, narrower: parts[0]?.pointer ?? '', message };
}
