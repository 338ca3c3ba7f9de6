/**
 * Which version of a plugin a call tree is bound to, once its caller has asked for one version of each: what a choreographer
 * signs and stores where the first one stays, so that all replicas agree. See docs/adr/0017.
 *
 * Shape: fields joined by `|`. Signed like a call context, so that nothing that was led to its place by a reply subject
 * passes for one.
 */
import { Fault } from './fault.js';
import { isVersion } from './names.js';

/** A plugin, as one tree uses it. */
export interface BoundPlugin {
  readonly correlation: string;
  /** Who started the tree: nobody else can bind anything in it. */
  readonly onBehalfOf: string;
  readonly plugin: string;
}

export interface VersionBinding extends BoundPlugin {
  readonly version: string;
}

/** No call context or redrive begins like this. */
const FORMAT = 'bound-1';

export function encodeBinding({ correlation, onBehalfOf, plugin, version }: VersionBinding): string {
  return [FORMAT, correlation, onBehalfOf, plugin, version].join('|');
}

/** @throws Fault `unauthenticated` when the text is not an encoded binding */
export function decodeBinding(text: string): VersionBinding {
  const [format, correlation, onBehalfOf, plugin, version, ...rest] = text.split('|');
  const isWhole = format === FORMAT && correlation && onBehalfOf && plugin && version && rest.length === 0;
  if (isWhole && isVersion(version)) return { correlation, onBehalfOf, plugin, version };
  throw new Fault('unauthenticated', 'What binds a call tree to a version is not readable.');
}

/** Is this, signed or not, meant to bind this plugin in this tree? */
export function isBindingOf(text: string, { correlation, onBehalfOf, plugin }: BoundPlugin): boolean {
  return text.startsWith(`${[FORMAT, correlation, onBehalfOf, plugin].join('|')}|`);
}
