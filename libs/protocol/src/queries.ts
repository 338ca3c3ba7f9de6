/** What the services answer when asked on `orc.v1.query.<service>.<question>`: JSON in, JSON or a fault out. */

/** `choreographer.tree`: exactly one of the three. Answered with a `CallTree`. */
export interface TreeQuery {
  /** 32 hex digits. */
  readonly correlation?: string;
  /** The sequence with which a `nats pub -J` was acknowledged. */
  readonly request?: number;
  /** The `ce-id` that the caller chose; the newest with that key. */
  readonly key?: string;
}

/** `registry.plugins`: no arguments. Answered with `{ plugins: InstalledPlugin[] }`. */
export interface InstalledPlugin {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly capabilities: readonly {
    readonly name: string;
    readonly description: string;
    readonly input: unknown;
    readonly output: unknown;
  }[];
  readonly uses: readonly { readonly capability: string; readonly range: string }[];
  /** Ids of the live instances; empty when the plugin has gone. */
  readonly instances: readonly string[];
  /** Unix time of the last heartbeat; undefined when the registry has not heard one since it started. */
  readonly lastSeenMs: number | undefined;
}
