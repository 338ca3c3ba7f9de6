/** What a new version of a plugin changes for those who call it. The rules are in docs/compatibility.md. Pure. */
import semver from 'semver';
import type { CapabilityManifest, Manifest } from '../manifest.js';
import { pointerTo } from '../problem.js';
import { locate } from './located-schema.js';
import { lostFields } from './lost-fields.js';
import { type Budget, inclusionGaps } from './schema-inclusion.js';

export interface Change {
  /** Who relied on the older version may fail with the newer one. */
  readonly breaking: boolean;
  readonly rule: ChangeRule;
  /** RFC 6901, in the newer manifest, or in the older one where nothing is left to point at. */
  readonly pointer: string;
  readonly message: string;
}

/** The rules by name, as docs/compatibility.md has them. */
export type ChangeRule =
  | 'capability-removed'
  | 'capability-added'
  | 'input-narrowed'
  | 'output-widened'
  | 'output-field-lost'
  | 'streaming-lost'
  | 'idempotence-lost'
  | 'idempotence-gained';

/** Steps that the comparison of two manifests may take: what is left then is not known to be compatible. */
const MANIFEST_STEPS = 200_000;

/** What differs for callers, breaking changes first. */
export function compareManifests(older: Manifest, newer: Manifest): Change[] {
  const before = new Map(older.capabilities.map((one, index) => [one.name, { one, at: capabilityAt(index) }]));
  const after = new Map(newer.capabilities.map((one, index) => [one.name, { one, at: capabilityAt(index) }]));
  const budget = { steps: MANIFEST_STEPS };
  const changes: Change[] = [];
  for (const [name, { at }] of before) {
    if (!after.has(name)) changes.push(breaking('capability-removed', at, `${older.name}.${name} is gone`));
  }
  for (const [name, { one, at }] of after) {
    const was = before.get(name);
    if (was) changes.push(...compareCapabilities(was.one, one, at, budget));
    else
      changes.push({ breaking: false, rule: 'capability-added', pointer: at, message: `${newer.name}.${name} is new` });
  }
  // A schema that is referred to twice has its gaps twice.
  const once = new Map(changes.map((change) => [JSON.stringify(change), change]));
  return [...once.values()].sort((a, b) => Number(b.breaking) - Number(a.breaking));
}

/**
 * May callers that accept the one version get the other? Of versions that a caret range joins, the later must not break
 * what the earlier promised; prereleases promise nothing.
 */
export function mustBeCompatible(older: string, newer: string): boolean {
  if (semver.prerelease(older) || semver.prerelease(newer)) return false;
  return semver.lt(older, newer) && semver.satisfies(newer, `^${older}`);
}

function capabilityAt(index: number): string {
  return pointerTo(pointerTo('', 'capabilities'), index);
}

function breaking(rule: ChangeRule, pointer: string, message: string): Change {
  return { breaking: true, rule, pointer, message };
}

function compareCapabilities(
  older: CapabilityManifest,
  newer: CapabilityManifest,
  at: string,
  budget: Budget,
): Change[] {
  const [inputAt, outputAt] = [pointerTo(at, 'input'), pointerTo(at, 'output')];
  const narrowed = inclusionGaps(locate(newer.input, inputAt), locate(older.input, inputAt), {}, budget);
  // Readers ignore members that they do not know.
  const reading = { ignoreUnknownMembers: true };
  const widened = inclusionGaps(locate(older.output, outputAt), locate(newer.output, outputAt), reading, budget);
  return [
    ...narrowed.map((gap) => breaking('input-narrowed', gap.wider, gap.message)),
    ...widened.map((gap) =>
      breaking(
        'output-widened',
        gap.narrower,
        `may not fit what was promised: there it ${gap.message.replace('was accepted', 'is possible now').replace('were accepted', 'are possible now')}`,
      ),
    ),
    ...lostFields(older.output, newer.output).map((field) =>
      breaking('output-field-lost', outputAt, `results have no ${field} any more`),
    ),
    ...compareStreaming(older, newer, at),
    ...compareIdempotence(older, newer, at),
  ];
}

function compareStreaming(older: CapabilityManifest, newer: CapabilityManifest, at: string): Change[] {
  if (!older.streaming || newer.streaming) return [];
  return [breaking('streaming-lost', pointerTo(at, 'streaming'), 'streams no output any more')];
}

function compareIdempotence(older: CapabilityManifest, newer: CapabilityManifest, at: string): Change[] {
  const [was, is] = [older.idempotent !== false, newer.idempotent !== false];
  const pointer = pointerTo(at, 'idempotent');
  if (was && !is) return [breaking('idempotence-lost', pointer, 'may not run twice any more, and is not tried again')];
  if (!was && is) {
    return [{ breaking: false, rule: 'idempotence-gained', pointer, message: 'may run twice, and is tried again' }];
  }
  return [];
}
