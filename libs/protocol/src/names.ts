import { Fault } from './fault.js';
import { LIMITS } from './limits.js';

/** Plugins, capabilities and callers: lower case, digits, inner hyphens. One such name is one subject token. */
export const NAME_PATTERN = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$';
const NAME = new RegExp(NAME_PATTERN);

export function isName(text: string): boolean {
  return text.length <= LIMITS.nameLength && NAME.test(text);
}

/** A capability as people write it: `editor.copy-edit`. */
export interface CapabilityRef {
  readonly plugin: string;
  readonly capability: string;
}

/** Parses `plugin.capability`. @throws Fault `invalid-argument` */
export function parseCapabilityRef(text: string): CapabilityRef {
  const [plugin = '', capability = '', ...rest] = text.split('.');
  if (rest.length > 0 || !isName(plugin) || !isName(capability)) {
    throw new Fault(
      'invalid-argument',
      `"${text}" is not a capability. Write plugin.capability, like editor.copy-edit: lower case, digits and hyphens.`,
    );
  }
  return { plugin, capability };
}

export function formatCapabilityRef(ref: CapabilityRef): string {
  return `${ref.plugin}.${ref.capability}`;
}

/** Semver without build metadata, as in https://semver.org; numbers have no leading zeros. */
const NUMBER = '(0|[1-9]\\d*)';
const PRERELEASE_PART = `(${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${PRERELEASE_PART}(\\.${PRERELEASE_PART})*)?$`);

/** Is this what the version of a plugin looks like? */
export function isVersion(text: string): boolean {
  return text.length <= LIMITS.versionLength && VERSION.test(text);
}

const INSTANCE_ID = /^[a-z0-9-]{1,63}$/;

/** Is this what a host may call one of its processes? */
export function isInstanceId(text: string): boolean {
  return INSTANCE_ID.test(text);
}

/** A version as one subject token: `1.2.3-rc.1` is `1_2_3-rc_1`. Semver has no underscore, so this is reversible. */
export function versionToToken(version: string): string {
  return version.replaceAll('.', '_');
}

export function versionFromToken(token: string): string {
  return token.replaceAll('_', '.');
}
