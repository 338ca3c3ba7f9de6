/** What plugins ask the operator for, and what they have been granted, as a choreographer tells it. */

export interface PluginGrants {
  readonly plugin: string;
  /** Absent where it was asked for a manifest that is not installed. */
  readonly version?: string;
  /** The `grants` of its manifest. */
  readonly asks: readonly string[];
  /** What `ORC_GRANTS` says. */
  readonly granted: readonly string[];
  /** What it asks for and was not granted. */
  readonly missing: readonly string[];
}

/** `choreographer.grants`: nothing, or `{plugin, asks}` for a manifest that need not be installed. */
export interface PluginGrantsList {
  /** Of those that ask for something, or were granted something: by name, highest version first; the first thousand. */
  readonly plugins: readonly PluginGrants[];
}
