/** What the registry tells of plugins, on `orc.v1.registry.<event>.<plugin>`, as CloudEvents 1.0 in binary mode. */
import type { FaultBody } from './fault.js';

/** A need of a plugin, as it stands in its manifest. */
export interface UsedCapabilityBody {
  readonly capability: string;
  readonly range: string;
}

/** The body of the message; `event` stands in the subject and in `ce-type`. */
export type RegistryEvent =
  | { readonly event: 'registered'; readonly plugin: string; readonly version: string }
  | { readonly event: 'refused'; readonly plugin: string; readonly fault: FaultBody }
  | {
      readonly event: 'ready';
      readonly plugin: string;
      readonly version: string;
      readonly instances: readonly string[];
    }
  | {
      readonly event: 'waiting';
      readonly plugin: string;
      readonly version: string;
      readonly instances: readonly string[];
      readonly waitingFor: readonly UsedCapabilityBody[];
    }
  | { readonly event: 'gone'; readonly plugin: string; readonly version: string };
