/** What the registry tells of plugins, on `orc.v1.registry.<event>.<plugin>`, as CloudEvents 1.0 in binary mode. */
import type { FaultBody } from './fault.js';

/** A need of a plugin that is not met. */
export interface MissingNeedBody {
  readonly capability: string;
  readonly range: string;
  /** The versions in range that do not fit what the manifest declares of its use. */
  readonly misfits?: readonly {
    readonly version: string;
    /** By pointers into the manifest of the caller. */
    readonly problems: readonly { readonly pointer: string; readonly message: string }[];
  }[];
}

/** The body of the message; `event` stands in the subject and in `ce-type`. */
export type RegistryEvent =
  | {
      readonly event: 'registered';
      readonly plugin: string;
      readonly version: string;
      /** What speaks against it, though it may be installed: needs that do not fit, and circles of needs. */
      readonly warnings?: readonly { readonly pointer: string; readonly message: string }[];
    }
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
      readonly waitingFor: readonly MissingNeedBody[];
    }
  | { readonly event: 'gone'; readonly plugin: string; readonly version: string };

const EVENTS: readonly string[] = [
  'registered',
  'refused',
  'ready',
  'waiting',
  'gone',
] satisfies RegistryEvent['event'][];

/** Reads an event that was told on that subject; undefined for what is none. */
export function parseRegistryEvent(subject: string, text: string): RegistryEvent | undefined {
  const [event = '', plugin] = subject.split('.').slice(-2);
  let body: { readonly [field: string]: unknown } | null;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isVersioned = typeof body?.version === 'string';
  const isWhole =
    (event === 'refused' ? typeof (body?.fault as FaultBody | undefined)?.code === 'string' : isVersioned) &&
    (event !== 'waiting' || Array.isArray(body?.waitingFor)) &&
    ((event !== 'ready' && event !== 'waiting') || Array.isArray(body?.instances));
  return isWhole && EVENTS.includes(event) && body?.plugin === plugin
    ? ({ ...body, event } as RegistryEvent)
    : undefined;
}
