/**
 * The rules that hold whatever is killed, paused or cut off. Pure: evidence in, broken rules out. It knows nothing of how
 * the system works, only what was promised.
 */
import { type FaultCode, invocationIdFromKey, isFaultCode } from '@orchestrator/protocol';
import type { Evidence, StoredResult } from './evidence.js';
import { MAX_DEPTH, type Operation } from './operations.js';
import type { SentEntry } from './sent-log.js';

export interface Violation {
  readonly rule: string;
  /** The number of the operation; undefined where no single one is concerned. */
  readonly n?: number;
  readonly what: string;
}

type EntryOf<What extends SentEntry['what']> = Extract<SentEntry, { readonly what: What }>;

/** What the caller wrote of one operation. */
interface Sent {
  readonly operation: Operation;
  readonly entries: readonly SentEntry[];
}

/** Which effects there are, by what they are called. */
interface EffectCounts {
  readonly started: ReadonlyMap<string, number>;
  readonly ended: ReadonlyMap<string, number>;
}

/** @param operationOf the operation of a number, as the caller drew it */
export function check(evidence: Evidence, caller: string, operationOf: (n: number) => Operation): Violation[] {
  const byOperation = Map.groupBy(evidence.sent, (entry) => entry.n);
  const counts = countEffects(evidence);
  const ofOperations = [...byOperation].flatMap(([n, entries]) => {
    const operation = operationOf(n);
    const sent = { operation, entries };
    const found = operation.mode === 'sync' ? checkCall(sent, counts) : checkRequest(sent, evidence, caller, counts);
    return [...found, ...checkForbidden(operation, counts)].map((one) => ({ ...one, n }));
  });
  return [
    ...ofOperations,
    ...checkResults(evidence),
    ...checkEffects(evidence, operationOf),
    ...checkStreams(evidence),
  ];
}

function countEffects({ effects }: Evidence): EffectCounts {
  const count = (what: string) => {
    const counts = new Map<string, number>();
    for (const effect of effects) if (effect.what === what) counts.set(effect.name, (counts.get(effect.name) ?? 0) + 1);
    return counts;
  };
  return { started: count('started'), ended: count('ended') };
}

/** Every acknowledged request has one outcome, one that it may have, and its caller saw that one. */
function checkRequest(sent: Sent, evidence: Evidence, caller: string, counts: EffectCounts): Violation[] {
  const { operation, entries } = sent;
  const { key, ref } = operation;
  const stored = entries.filter((entry) => entry.what === 'stored');
  const first = stored.filter((entry) => !entry.other);
  const invocations =
    key === undefined
      ? first.map(({ sequence }) => evidence.byRequest.get(sequence)?.invocation)
      : first.slice(0, 1).map(() => invocationIdFromKey(caller, ref.plugin, ref.capability, key));
  const ofFirst = invocations.flatMap((invocation) => {
    if (invocation === undefined) return [{ rule: 'history is complete', what: 'the history holds no such request' }];
    return checkOutcome(sent, evidence, counts, invocation);
  });
  const ofOthers = stored.filter((entry) => entry.other).flatMap((entry) => checkOther(entry, evidence));
  return [...ofFirst, ...ofOthers];
}

function checkOutcome({ operation, entries }: Sent, evidence: Evidence, counts: EffectCounts, invocation: string) {
  const result = evidence.results.get(invocation);
  if (!result) return [{ rule: 'one outcome', what: `${invocation} is acknowledged and has no outcome` }];
  const outcome = result.fault ?? 'success';
  const violations = checkAllowed(operation, result.fault, result.message);
  for (const seen of entries) {
    if (seen.what !== 'outcome' || seen.other || (seen.fault ?? 'success') === outcome) continue;
    const what = `its caller saw ${seen.fault ?? 'success'} (${seen.message}), and stored is ${outcome}`;
    violations.push({ rule: 'one outcome', what });
  }
  if (result.fault === undefined) violations.push(...checkEffectsOf(operation, counts));
  return violations;
}

/** The same key with other arguments: refused under an id of its own. */
function checkOther({ sequence }: EntryOf<'stored'>, evidence: Evidence): Violation[] {
  const node = evidence.byRequest.get(sequence);
  const result = node && evidence.results.get(node.invocation);
  if (result?.fault === 'invalid-argument') return [];
  const found = node
    ? `${node.state}, stored is ${result ? (result.fault ?? 'success') : 'nothing'}`
    : 'not in history';
  return [{ rule: 'a key names one body', what: `request ${sequence} with other arguments: ${found}` }];
}

/** Every synchronous call is answered once, with a result or a fault of the list. */
function checkCall({ operation, entries }: Sent, counts: EffectCounts): Violation[] {
  const answers = entries.filter((entry) => entry.what === 'answer');
  const violations: Violation[] = [];
  if (answers.length !== 1) violations.push({ rule: 'one answer', what: `the call has ${answers.length} answers` });
  for (const { fault, message } of answers) {
    violations.push(...checkAllowed(operation, fault, message));
    if (fault === undefined) violations.push(...checkEffectsOf(operation, counts));
  }
  for (const name of operation.effects) {
    const starts = counts.started.get(name) ?? 0;
    if (starts > 1) violations.push({ rule: 'a call runs at most once', what: `${name} was started ${starts} times` });
  }
  return violations;
}

function checkAllowed(operation: Operation, fault: string | undefined, message = ''): Violation[] {
  if (fault === undefined) {
    return operation.maySucceed ? [] : [{ rule: 'no refusal is lost', what: 'it succeeded, and never should' }];
  }
  if (!isFaultCode(fault)) return [{ rule: 'typed faults', what: `${fault} is no fault code` }];
  if (operation.mayFailWith.includes(fault satisfies FaultCode)) return [];
  return [{ rule: 'no needless failure', what: `it ended in ${fault}: ${message}` }];
}

function checkEffectsOf(operation: Operation, counts: EffectCounts): Violation[] {
  const missing = operation.effects.filter((name) => !counts.ended.has(name));
  return missing.map((name) => ({ rule: 'effects at least once', what: `success without the effect ${name}` }));
}

function checkForbidden({ forbidden }: Operation, counts: EffectCounts): Violation[] {
  const found = forbidden.filter((name) => counts.started.has(name));
  return found.map((name) => ({ rule: 'no effect of what is refused', what: `there is an effect ${name}` }));
}

/** Whatever is stored as a result, also of nested requests: a fault is in the dead letters, and history says the same. */
function checkResults({ results, dead, history, recorded }: Evidence): Violation[] {
  return [...results.values()].flatMap((result) => [
    ...checkDeadLetter(result, dead.get(result.invocation)?.fault),
    ...checkHistory(result, history, recorded),
  ]);
}

/** The letter may name another reason: it is of the attempt that failed first, the result of the one that ended first. */
function checkDeadLetter({ invocation, fault }: StoredResult, letter: string | undefined): Violation[] {
  if (fault === undefined || letter !== undefined) return [];
  return [{ rule: 'a fault is a dead letter', what: `${invocation} ended in ${fault}, and has no dead letter` }];
}

function checkHistory(
  { invocation, fault }: StoredResult,
  history: Evidence['history'],
  recorded: Evidence['recorded'],
): Violation[] {
  const node = history.get(invocation);
  const states = fault === undefined ? ['succeeded'] : ['failed', 'refused'];
  if (node && states.includes(node.state) && node.fault?.code === fault) return [];
  const inStream = recorded.has(invocation) ? 'though its stream has it' : 'and its stream has nothing';
  const told = node ? `${node.state} ${node.fault?.code ?? ''}` : `nothing, ${inStream}`;
  return [{ rule: 'history agrees', what: `${invocation} ended in ${fault ?? 'success'}, and history says ${told}` }];
}

/** What ran had been admitted, as deep as history says, and not twice where that is promised. */
function checkEffects(evidence: Evidence, operationOf: (n: number) => Operation): Violation[] {
  const { effects, history, notIdempotent } = evidence;
  const violations: Violation[] = [];
  const starts = new Map<string, number>();
  for (const { what, name, invocation = '', depth = 0 } of effects) {
    const n = Number(/^o(\d+)/.exec(name)?.[1] ?? 0);
    if (depth > MAX_DEPTH) violations.push({ n, rule: 'bounded depth', what: `${name} ran at depth ${depth}` });
    const node = history.get(invocation);
    if (operationOf(n).mode === 'durable' && !node) {
      violations.push({
        n,
        rule: 'history is complete',
        what: `${name} ran as ${invocation}, which history does not hold`,
      });
    }
    if (!node || what !== 'started') continue;
    if (node.depth !== depth) violations.push({ n, rule: 'history agrees', what: `${name} ran at depth ${depth}` });
    const count = (starts.get(invocation) ?? 0) + 1;
    starts.set(invocation, count);
    const once = node.mode === 'sync' || notIdempotent.has(`${node.plugin}.${node.capability}`);
    if (once && count > 1) violations.push({ n, rule: 'at most once', what: `${name} was started ${count} times` });
  }
  return violations;
}

function checkStreams({ removedResults, waiting, history, unanswered }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const say = (rule: string, count: number, what: string) => {
    if (count > 0) violations.push({ rule, what: `${count} ${what}` });
  };
  for (const what of unanswered) violations.push({ rule: 'history answers', what });
  say('one outcome', removedResults, 'results were removed');
  say('nothing is left over', waiting.requests, 'requests still wait');
  say('nothing is left over', waiting.work, 'pieces of work still wait');
  const open = [...history.values()].filter(({ mode, endedAtMs }) => mode === 'durable' && endedAtMs === undefined);
  say('history is complete', open.length, `durable invocations have no end in history: ${open[0]?.invocation} …`);
  return violations;
}
