/** What the services answer when asked on `orc.v1.query.<service>.<question>`: JSON in, JSON or a fault out. */
import type { MissingNeedBody } from './registry-events.js';

/** `choreographer.tree`: exactly one of the first three. Answered with a `CallTreePage`. */
export interface TreeQuery {
  /** 32 hex digits. */
  readonly correlation?: string;
  /** The sequence with which a `nats pub -J` was acknowledged. */
  readonly request?: number;
  /** A durable invocation. */
  readonly invocation?: string;
  /** The `next` of an earlier page. */
  readonly after?: string;
}

/** `choreographer.find`: which root calls had that key. Answered with `FoundRoots`. */
export interface KeyQuery {
  /** The `ce-id` that the caller chose; callers may choose the same. */
  readonly key: string;
  /** Only calls of that caller. */
  readonly caller?: string | undefined;
}

/** A call or request as it was asked for: each that had the key, admitted or refused. */
export interface FoundRoot {
  readonly invocation: string;
  readonly correlation: string;
  readonly caller: string;
  readonly plugin: string;
  readonly capability: string;
  readonly refused: boolean;
  readonly askedAtMs: number;
}

export interface FoundRoots {
  /** The newest ones, oldest first; each invocation once. */
  readonly roots: readonly FoundRoot[];
  /** There are older ones. */
  readonly more: boolean;
}

/** `registry.plugins`: `{ after?, names? }`, the `next` of an earlier answer, and which plugins. Answered with this: by name, highest version first. */
export interface PluginPage {
  readonly plugins: readonly InstalledPlugin[];
  /** What to ask on with as `after`, where there are more. */
  readonly next?: string;
}

/** A version of a plugin: its manifest, and how it is. */
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
  /** What it cannot do without, and no live instance provides: until then, calls of it are `unavailable`. */
  readonly waitingFor: readonly MissingNeedBody[];
}
