/**
 * Every subject of the protocol, builder and parser side by side. Subjects have a fixed number of tokens and ids last,
 * so that a wildcard can stand for any one of them. See docs/protocol.md, "Subjects".
 */
import { Fault } from './fault.js';
import { LIMITS } from './limits.js';
import { isInstanceId, isName, isVersion, versionFromToken, versionToToken } from './names.js';
import type { BoundPlugin } from './version-binding.js';

const ROOT = 'orc.v1';
const QUEUED = `${ROOT}.queued.`;
const ASIDE = `${ROOT}.aside.`;
const NESTED = `${ROOT}.nested.`;
/** Stands where others have the partition of their caller. */
const ASIDE_NESTED = `${ASIDE}nested.`;
/** The bucket of values that are too large for a message. What lies there cannot be altered or removed: it grows old. */
export const OBJECTS_BUCKET = 'ORC_OBJECTS';
const OBJECTS = `$O.${OBJECTS_BUCKET}`;

/** Who asks for which capability: the subject of a request event and of a synchronous call. */
export interface Ask {
  readonly caller: string;
  readonly plugin: string;
  readonly capability: string;
}

/** A capability of one version of a plugin: where admitted work goes. */
export interface Target {
  readonly plugin: string;
  readonly version: string;
  readonly capability: string;
}

/** Where requests of one partition for one capability are set aside. */
export interface AsideQueue {
  /** `nested` for those of running work. */
  readonly partition: string;
  readonly plugin: string;
  readonly capability: string;
}

/** Where a result, its progress and its chunks are found. */
export interface ResultAddress {
  readonly caller: string;
  readonly plugin: string;
  readonly invocation: string;
}

/** One running copy of a plugin. */
export interface Instance {
  readonly plugin: string;
  readonly version: string;
  readonly instance: string;
}

/** What is counted for the tree, or the one invocation, that an id of `counterId` names. */
type CounterKind = 'calls' | 'width' | 'tokens' | 'microUsd';

export interface CounterName {
  readonly kind: CounterKind;
  readonly id: string;
}
/** What a timer is for. */
export type TimerKind = 'retry' | 'wait';

export const subjects = {
  request: (a: Ask) => `${ROOT}.request.${a.caller}.${a.plugin}.${a.capability}`,
  /** What running work asks for durably: it has room of its own, which nobody else can fill. */
  nested: (a: Ask) => `${NESTED}${a.caller}.${a.plugin}.${a.capability}`,
  call: (a: Ask) => `${ROOT}.call.${a.caller}.${a.plugin}.${a.capability}`,
  work: (t: Target, invocation: string) =>
    `${ROOT}.work.${t.plugin}.${versionToToken(t.version)}.${t.capability}.${invocation}`,
  exec: (t: Target) => `${ROOT}.exec.${t.plugin}.${versionToToken(t.version)}.${t.capability}`,
  result: (r: ResultAddress) => `${ROOT}.result.${r.caller}.${r.plugin}.${r.invocation}`,
  /** Where the server tells that this result is stored. */
  resultStored: (r: ResultAddress) => `${ROOT}.stored.${r.caller}.${r.plugin}.${r.invocation}`,
  /** A run that failed, and may be tried again. */
  attempt: (plugin: string, invocation: string) => `${ROOT}.attempt.${plugin}.${invocation}`,
  /** "I start this work, which must not start twice." */
  claim: (plugin: string, invocation: string) => `${ROOT}.claim.${plugin}.${invocation}`,
  /** What a finished step of work answered. */
  step: (plugin: string, invocation: string, step: string) => `${ROOT}.step.${plugin}.${invocation}.${step}`,
  /** Which version of a plugin a call tree is bound to. */
  bound: (b: BoundPlugin) => `${ROOT}.bound.${b.correlation}.${b.onBehalfOf}.${b.plugin}`,
  /** A message that the stream itself moves to `due` when its time has come. */
  timer: (kind: TimerKind, id: string) => `${ROOT}.timer.${kind}.${id}`,
  due: (kind: TimerKind, id: string) => `${ROOT}.due.${kind}.${id}`,
  /** Tells hosts to stop what runs of a call tree. */
  cancelled: (correlation: string) => `${ROOT}.cancelled.${correlation}`,
  progress: (r: ResultAddress) => `${ROOT}.progress.${r.caller}.${r.plugin}.${r.invocation}`,
  /** Streamed output, a message for each chunk. */
  chunk: (r: ResultAddress) => `${ROOT}.chunk.${r.caller}.${r.plugin}.${r.invocation}`,
  /** Where the server tells that a chunk is stored. */
  chunkStored: (r: ResultAddress) => `${ROOT}.chunk-stored.${r.caller}.${r.plugin}.${r.invocation}`,
  /** What a reader of streamed output has done with, and what it wants next. */
  read: (r: ResultAddress) => `${ROOT}.read.${r.caller}.${r.plugin}.${r.invocation}`,
  dead: (plugin: string, capability: string, invocation: string) =>
    `${ROOT}.dead.${plugin}.${capability}.${invocation}`,
  /** A result that came after its invocation had ended as unknown: it belongs to the dead letter. */
  late: (plugin: string, capability: string, invocation: string) =>
    `${ROOT}.late.${plugin}.${capability}.${invocation}`,
  /** Ids of short-lived and of long-lived counters differ in their first letter, and lie in streams of their own. */
  count: ({ kind, id }: CounterName) => `${ROOT}.count-${id[0]}.${kind.toLowerCase()}.${id.slice(1)}`,
  spend: (plugin: string) => `${ROOT}.spend.${plugin}`,
  report: (plugin: string) => `${ROOT}.report.${plugin}`,
  event: (shard: number) => `${ROOT}.event.${shard}`,
  announce: (plugin: string) => `${ROOT}.announce.${plugin}`,
  /** What happens to a plugin. */
  registryEvent: (event: string, plugin: string) => `${ROOT}.registry.${event}.${plugin}`,
  beat: (i: Instance) => `${ROOT}.beat.${i.plugin}.${versionToToken(i.version)}.${i.instance}`,
  /** A choreographer that says that it is there. */
  replica: (instance: string) => `${ROOT}.replica.${instance}`,
  /** Asks every host to announce itself again: sent by a registry that has started or lost what it knew. */
  rollCall: () => `${ROOT}.catalogue.roll-call`,
  /** A question to a service: `choreographer.tree`, `registry.plugins`. */
  query: (service: string, question: string) => `${ROOT}.query.${service}.${question}`,
  /** The bytes of an object, in messages one after the other, and what the NATS tools show of it: subjects of NATS itself. */
  objectChunk: (object: string) => `${OBJECTS}.C.${object}`,
  objectInfo: (object: string) => `${OBJECTS}.M.${paddedBase64Url(Buffer.from(object))}`,
} as const;

/** As NATS writes the names and digests of objects. */
export function paddedBase64Url(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Subjects with wildcards, for streams and subscriptions. */
export const patterns = {
  requests: `${ROOT}.request.*.*.*`,
  nested: `${NESTED}*.*.*`,
  /** Requests that the stream has not given a partition. A subject may hold a wildcard as a token, which only this one takes. */
  unqueued: `${ROOT}.request.>`,
  queued: (partition: number) => `${ROOT}.queued.${partition}.>`, // a name may be missing, too
  /** Requests that wait until there is room for their work. */
  aside: `${ASIDE}*.*.*.*`,
  asideOf: ({ partition, plugin, capability }: AsideQueue) => `${ASIDE}${partition}.*.${plugin}.${capability}`,
  /** What `ORC_REQUESTS` makes of the subject of a request when it stores it: the server computes the partition. */
  queuedFrom: (partitions: number) =>
    `${ROOT}.queued.{{partition(${partitions},1)}}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}`,
  calls: `${ROOT}.call.*.*.*`,
  work: `${ROOT}.work.*.*.*.*`,
  workOf: (t: Target) => `${ROOT}.work.${t.plugin}.${versionToToken(t.version)}.${t.capability}.*`,
  execOf: (plugin: string, version: string) => `${ROOT}.exec.${plugin}.${versionToToken(version)}.*`,
  results: `${ROOT}.result.*.*.*`,
  /** What `ORC_RESULTS` makes of the subject of a result to tell that it is stored. */
  resultStoredFrom: `${ROOT}.stored.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}`,
  resultsStoredFor: (caller: string) => `${ROOT}.stored.${caller}.*.*`,
  progressFor: (caller: string) => `${ROOT}.progress.${caller}.*.*`,
  chunks: `${ROOT}.chunk.*.*.*`,
  /** What `ORC_CHUNKS` makes of the subject of a chunk to tell that it is stored. */
  chunkStoredFrom: `${ROOT}.chunk-stored.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}`,
  reads: `${ROOT}.read.*.*.*`,
  readsOf: (plugin: string) => `${ROOT}.read.*.${plugin}.*`,
  cancelled: `${ROOT}.cancelled.*`,
  attempts: `${ROOT}.attempt.*.*`,
  claims: `${ROOT}.claim.*.*`,
  steps: `${ROOT}.step.*.*.*`,
  bound: `${ROOT}.bound.*.*.*`,
  timers: `${ROOT}.timer.*.*`,
  due: `${ROOT}.due.*.*`,
  dead: `${ROOT}.dead.*.*.*`,
  late: `${ROOT}.late.*.*.*`,
  deadOf: (plugin = '*', capability = '*', invocation = '*') => `${ROOT}.dead.${plugin}.${capability}.${invocation}`,
  shortCounts: `${ROOT}.count-s.*.*`,
  longCounts: `${ROOT}.count-l.*.*`,
  spends: `${ROOT}.spend.*`,
  reports: `${ROOT}.report.*`,
  events: `${ROOT}.event.*`,
  announcements: `${ROOT}.announce.*`,
  replicas: `${ROOT}.replica.*`,
  beats: `${ROOT}.beat.*.*.*`,
  registryEvents: `${ROOT}.registry.*.*`,
  objectChunks: `${OBJECTS}.C.>`,
  objectInfos: `${OBJECTS}.M.>`,
} as const;

/** Cuts a subject of a known kind into its tokens after the kind; undefined when kind or number do not fit. */
function tokensOf(subject: string, kind: string, count: number): string[] | undefined {
  const tokens = subject.split('.');
  if (tokens.length !== count + 3 || tokens[0] !== 'orc' || tokens[1] !== 'v1' || tokens[2] !== kind) return undefined;
  return tokens.slice(3);
}

function malformed(subject: string, shape: string, rule = 'it has other tokens, or more or fewer'): Fault {
  return new Fault('invalid-argument', `The subject "${subject}" is not ${ROOT}.${shape}: ${rule}.`);
}

/** Reads the subject of a request event or a synchronous call. @throws Fault `invalid-argument`, naming the token that breaks the rule */
export function parseAsk(subject: string, kind: 'request' | 'call'): Ask {
  const shape = `${kind}.<caller>.<plugin>.<capability>`;
  const tokens = tokensOf(subject, kind, 3);
  if (!tokens) throw malformed(subject, shape);
  const [caller = '', plugin = '', capability = ''] = tokens;
  for (const [what, token] of Object.entries({ caller, plugin, capability })) {
    if (isName(token)) continue;
    const rule = `must be 1 to ${LIMITS.nameLength} lower case letters, digits and inner hyphens`;
    throw malformed(subject, shape, `the ${what} "${token}" ${rule}`);
  }
  return { caller, plugin, capability };
}

/** The subject that a stored request was published to: in its stream, the partition of its caller stands before the names. */
export function requestSubject(stored: string): string {
  if (stored.startsWith(NESTED)) return `${ROOT}.request.${stored.slice(NESTED.length)}`;
  const prefix = [QUEUED, ASIDE].find((one) => stored.startsWith(one));
  return prefix === undefined ? stored : `${ROOT}.request${stored.slice(stored.indexOf('.', prefix.length))}`;
}

/** Was it stored where only running work may ask? */
export function isNested(stored: string): boolean {
  return stored.startsWith(NESTED) || stored.startsWith(ASIDE_NESTED);
}

/** Where a queued request is set aside; undefined for one that is so already. */
export function asideSubject(stored: string): string | undefined {
  if (stored.startsWith(NESTED)) return ASIDE_NESTED + stored.slice(NESTED.length);
  return stored.startsWith(QUEUED) ? ASIDE + stored.slice(QUEUED.length) : undefined;
}

/** Reads in which queue a request was set aside; undefined for one that was not. */
export function parseAside(stored: string): AsideQueue | undefined {
  const [partition, caller, plugin, capability] = tokensOf(stored, 'aside', 4) ?? [];
  return partition && caller && plugin && capability ? { partition, plugin, capability } : undefined;
}

export function isAside(stored: string): boolean {
  return stored.startsWith(ASIDE);
}

/** Reads the sequence of the request whose time to wait is over; undefined for the timer of anything else. */
export function parseDueWait(subject: string): number | undefined {
  const [kind, sequence] = tokensOf(subject, 'due', 2) ?? [];
  return kind === 'wait' && /^\d+$/.test(sequence ?? '') ? Number(sequence) : undefined;
}

/** What can be read of a subject that `parseAsk` refuses: `unknown` stands for each name that is none. */
export function readableAsk(subject: string, kind: 'request' | 'call'): Ask {
  const [caller, plugin, capability] = tokensOf(subject, kind, 3) ?? [];
  const named = (token: string | undefined) => (token !== undefined && isName(token) ? token : 'unknown');
  return { caller: named(caller), plugin: named(plugin), capability: named(capability) };
}

/** Reads the subject of admitted durable work. @throws Fault `invalid-argument` */
export function parseWork(subject: string): Target & { readonly invocation: string } {
  const [plugin, version, capability, invocation] = tokensOf(subject, 'work', 4) ?? [];
  if (!plugin || !version || !capability || !invocation) {
    throw malformed(subject, 'work.<plugin>.<version>.<capability>.<invocation>');
  }
  return { plugin, version: versionFromToken(version), capability, invocation };
}

/** Reads the subject of a result, of progress, of chunks or of a read. @throws Fault `invalid-argument` */
export function parseResultAddress(subject: string, kind: 'result' | 'progress' | 'chunk' | 'read'): ResultAddress {
  const [caller, plugin, invocation] = tokensOf(subject, kind, 3) ?? [];
  if (!caller || !plugin || !invocation) throw malformed(subject, `${kind}.<caller>.<plugin>.<invocation>`);
  return { caller, plugin, invocation };
}

/** Reads the subject of a dead letter. @throws Fault `invalid-argument` */
export function parseDead(subject: string): { plugin: string; capability: string; invocation: string } {
  const [plugin, capability, invocation] = tokensOf(subject, 'dead', 3) ?? [];
  if (!plugin || !capability || !invocation) throw malformed(subject, 'dead.<plugin>.<capability>.<invocation>');
  return { plugin, capability, invocation };
}

/** Reads the capability token of an `exec` subject. @throws Fault `invalid-argument` */
export function parseExec(subject: string): Target {
  const [plugin, version, capability] = tokensOf(subject, 'exec', 3) ?? [];
  if (!plugin || !version || !capability) throw malformed(subject, 'exec.<plugin>.<version>.<capability>');
  return { plugin, version: versionFromToken(version), capability };
}

/** Reads the subject of a heartbeat; undefined for what nobody can be: anybody may send anything. */
export function parseBeat(subject: string): Instance | undefined {
  const [plugin = '', token = '', instance = ''] = tokensOf(subject, 'beat', 3) ?? [];
  const version = versionFromToken(token);
  return isName(plugin) && isVersion(version) && isInstanceId(instance) ? { plugin, version, instance } : undefined;
}

/** Reads the instance of a choreographer that says that it is there. @throws Fault `invalid-argument` */
export function parseReplica(subject: string): string {
  const [instance] = tokensOf(subject, 'replica', 1) ?? [];
  if (!instance) throw malformed(subject, 'replica.<instance>');
  return instance;
}

/** Reads the correlation of a notice to stop. @throws Fault `invalid-argument` */
export function parseCancelled(subject: string): string {
  const [correlation] = tokensOf(subject, 'cancelled', 1) ?? [];
  if (!correlation) throw malformed(subject, 'cancelled.<correlation>');
  return correlation;
}

/** Reads the subject of a failed attempt. @throws Fault `invalid-argument` */
export function parseAttempt(subject: string): { readonly plugin: string; readonly invocation: string } {
  const [plugin, invocation] = tokensOf(subject, 'attempt', 2) ?? [];
  if (!plugin || !invocation) throw malformed(subject, 'attempt.<plugin>.<invocation>');
  return { plugin, invocation };
}

/** Reads the plugin of a report, a spending or an announcement. @throws Fault `invalid-argument` */
export function parsePluginOf(subject: string, kind: 'report' | 'spend' | 'announce'): string {
  const [plugin] = tokensOf(subject, kind, 1) ?? [];
  if (!plugin) throw malformed(subject, `${kind}.<plugin>`);
  return plugin;
}
