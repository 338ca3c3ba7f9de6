import { LIMITS, type RetryPolicy } from '@orchestrator/protocol';
import type { JsonSchema } from './json-schema.js';

/** What one capability of a plugin takes and returns. */
export interface CapabilityManifest {
  readonly name: string;
  /** A name for people. */
  readonly title?: string;
  readonly description: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** The deadline of a call whose caller asks for none. */
  readonly deadlineMs?: number;
  /** May it run again for the same invocation? If not, it is started at most once. @default true */
  readonly idempotent?: boolean;
  /** How many calls of it one instance works on at once. @default as many as come */
  readonly concurrency?: number;
  /** Does it send output while it runs? @default false */
  readonly streaming?: boolean;
  /** How durable calls that fail are tried again. @default DEFAULT_RETRY */
  readonly retry?: RetryPolicy;
  /** What a call costs, as a rule. */
  readonly costHint?: CostHint;
  readonly tags?: readonly string[];
  /** It still works, and is not to be relied on. */
  readonly deprecated?: Deprecation;
  /** They fit the schemas. */
  readonly examples?: readonly Example[];
}

interface CostHint {
  readonly tokens?: number;
  readonly usd?: number;
}

interface Deprecation {
  /** The version that said so first. */
  readonly since: string;
  /** The capability to call instead: `editor.copy-edit`. */
  readonly useInstead?: string;
}

interface Example {
  readonly description?: string;
  readonly input: unknown;
  readonly output?: unknown;
}

/** A capability that a plugin calls, and the versions of its plugin that it can work with. */
export interface UsedCapability {
  /** `editor.copy-edit` */
  readonly capability: string;
  /** A semver range: `^1.0.0`. */
  readonly range: string;
  /** Can it do its work without, if less well? @default false */
  readonly optional?: boolean;
  /** What it sends: a version that does not take all of it is not chosen for its calls. @default nothing is known of it */
  readonly input?: JsonSchema;
  /** What it relies on in results: a version whose results may be otherwise is not chosen. @default nothing is known of it */
  readonly output?: JsonSchema;
}

/** What a plugin promises: who it is, what it can do, and what it needs of others. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** A name for people. */
  readonly title?: string;
  readonly description: string;
  readonly author?: string;
  /** An SPDX expression: `Apache-2.0`. */
  readonly license?: string;
  readonly homepage?: string;
  readonly keywords?: readonly string[];
  readonly capabilities: readonly CapabilityManifest[];
  readonly uses: readonly UsedCapability[];
  /** What its configuration has to look like. */
  readonly config?: JsonSchema;
  /** What it asks the operator to grant it beyond its uses: `editor.*`, `start-root`. */
  readonly grants?: readonly string[];
}

/** The bounds of a manifest. */
export const MANIFEST_LIMITS = {
  /** As JSON, in UTF-8. */
  bytes: 256 * 1024,
  capabilities: 1000,
  concurrency: 10_000,
  uses: 1000,
  versionLength: LIMITS.versionLength,
  rangeLength: 256,
  /** Titles, authors, licences, tags. */
  textLength: 256,
  /** Keywords, tags, examples, grants: of each. */
  list: 100,
} as const;
