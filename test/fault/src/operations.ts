/**
 * What the caller asks for, and what may come of it: drawn from seed and number, so that caller and checker know the
 * same without telling each other. Pure.
 */
import type { CapabilityRef, FaultCode, Mode } from '@orchestrator/protocol';
import { Seeded } from './seeded.js';

/** The greatest depth that the system under test is configured to allow. */
export const MAX_DEPTH = 5;
/** Synchronous calls are given up this early, so that a lost answer delays nobody. */
const SYNC_TIMEOUT_MS = 4_000;

export interface Operation {
  readonly n: number;
  readonly kind: string;
  readonly mode: Mode;
  readonly ref: CapabilityRef;
  readonly args: object;
  /** Undefined sends no `ce-id`; then it is sent only once, since nobody could tell two of them apart. */
  readonly key: string | undefined;
  readonly range?: string;
  readonly timeoutMs?: number;
  /** How often it is sent at once. */
  readonly copies: number;
  /** Other arguments that are sent under the same key once there is an outcome: these must be refused. */
  readonly otherArgs?: object;
  readonly maySucceed: boolean;
  /** The faults that it may end in. */
  readonly mayFailWith: readonly FaultCode[];
  /** Effects that there must be when it has succeeded. */
  readonly effects: readonly string[];
  /** Effects that there must never be. */
  readonly forbidden: readonly string[];
}

type Draft = Partial<Operation> & Pick<Operation, 'ref' | 'args'>;
type Draw = (name: string, random: Seeded) => Draft;

const WORK = 'work';
/** A call that waits for the answer of another, which may be lost: the deadline ends it. */
const NESTING_TIMEOUT_MS = 20_000;
/** What a call may end in while processes die under it. */
const TROUBLE = ['unavailable', 'deadline-exceeded', 'exhausted'] as const satisfies FaultCode[];

function plugin(random: Seeded): string {
  return random.pick(['probe', 'mirror']);
}

function work(name: string, random: Seeded): Draft {
  const ms = random.chance(0.1) ? random.int(500, 3_000) : random.int(0, 150);
  return { ref: { plugin: plugin(random), capability: WORK }, args: { name, ms }, effects: [name] };
}

function nested(name: string, random: Seeded, mode: Mode): Draft {
  const child = `${name}.child`;
  const argsJson = JSON.stringify({ name: child, ms: random.int(0, 200) });
  const ref = { plugin: 'probe', capability: 'call' };
  return {
    ref,
    args: { capability: 'mirror.work', argsJson, mode },
    timeoutMs: NESTING_TIMEOUT_MS,
    mayFailWith: TROUBLE,
    effects: [child],
  };
}

/** `probe.step-1` → `mirror.step-1` → `probe.step-2` → …, so many links long. */
function chain(name: string, length: number): Draft {
  const links = Array.from({ length }, (_, n) => `${n % 2 === 0 ? 'probe' : 'mirror'}.step-${1 + Math.floor(n / 2)}`);
  const effects = links.map((_, n) => `${name}.${n + 1}`);
  const ref = { plugin: 'probe', capability: 'step-1' };
  return { ref, args: { name, rest: links.slice(1) }, timeoutMs: NESTING_TIMEOUT_MS, mayFailWith: TROUBLE, effects };
}

/** What an operation without success may end in, besides what happens to calls below it. */
function fails(...codes: FaultCode[]): Pick<Operation, 'maySucceed' | 'mayFailWith' | 'effects'> {
  return { maySucceed: false, mayFailWith: codes, effects: [] };
}

const KINDS = {
  keyed: work,
  keyless: (name, random) => ({ ...work(name, random), key: undefined }),
  repeated: (name, random) => ({ ...work(name, random), copies: random.int(2, 4) }),
  reused: (name, random) => {
    const other = `${name}.other`;
    return { ...work(name, random), otherArgs: { name: other, ms: 0 }, forbidden: [other] };
  },
  /** What must not run twice, and is given up where nobody can know whether it did. */
  once: (name, random) => ({
    ref: { plugin: 'probe', capability: 'once' },
    args: { name, ms: random.int(0, 150) },
    mayFailWith: ['unknown-outcome'],
    effects: [name],
  }),
  'durable-child': (name, random) => nested(name, random, 'durable'),
  'sync-child': (name, random) => nested(name, random, 'sync'),
  chain: (name, random) => chain(name, random.int(2, MAX_DEPTH)),
  'too-deep': (name) => {
    const { effects = [], ...rest } = chain(name, MAX_DEPTH + 1);
    return { ...rest, ...fails('depth-exceeded', ...TROUBLE), forbidden: effects.slice(-1) };
  },
  cycle: (name) => ({
    ...chain(name, 1),
    args: { name, rest: ['mirror.step-1', 'probe.step-1'] },
    ...fails('cycle-detected', ...TROUBLE),
    forbidden: [`${name}.3`],
  }),
  failing: () => ({ ref: { plugin: 'probe', capability: 'fail' }, args: {}, ...fails('failed') }),
  overdue: (name, random) => ({
    ref: { plugin: plugin(random), capability: WORK },
    args: { name, ms: 60_000 },
    timeoutMs: random.int(200, 2_000),
    ...fails('deadline-exceeded'),
  }),
  expired: (name, random) => ({
    ...work(name, random),
    timeoutMs: -10_000, // also where a clock is off
    ...fails('deadline-exceeded'),
    forbidden: [name],
  }),
  unknown: (name) => ({
    ref: { plugin: 'probe', capability: 'wrok' },
    args: { name, ms: 0 },
    ...fails('not-found'),
    forbidden: [name],
  }),
  incompatible: (name, random) => ({
    ...work(name, random),
    range: '^7.0.0',
    ...fails('incompatible-version'),
    forbidden: [name],
  }),
  invalid: (name, random) => ({
    ...work(name, random),
    args: { name, ms: -1 },
    ...fails('invalid-argument'),
    forbidden: [name],
  }),
} as const satisfies Record<string, Draw>;

const DURABLE = {
  keyed: 30,
  keyless: 12,
  repeated: 8,
  reused: 5,
  once: 6,
  'durable-child': 9,
  'sync-child': 7,
  chain: 5,
  'too-deep': 3,
  cycle: 2,
  failing: 4,
  overdue: 3,
  expired: 2,
  unknown: 2,
  incompatible: 2,
  invalid: 2,
} satisfies Record<keyof typeof KINDS, number>;
const SYNC = { keyed: 40, 'sync-child': 10, chain: 10, 'too-deep': 5, cycle: 5, failing: 5, unknown: 5, invalid: 5 };

/** The operation of that number. */
export function operationOf(seed: number, n: number): Operation {
  const random = Seeded.of(seed, 'operation', n);
  const mode = random.chance(0.3) ? 'sync' : 'durable';
  const kind: keyof typeof KINDS = mode === 'sync' ? random.weighted(SYNC) : random.weighted(DURABLE);
  const draw: Draw = KINDS[kind];
  const draft = draw(`o${n}`, random);
  const base = {
    n,
    kind,
    mode,
    key: `key-${n}`,
    copies: 1,
    maySucceed: true,
    mayFailWith: [],
    effects: [],
    forbidden: [],
  };
  if (mode === 'durable') return { ...base, ...draft, mode };
  const mayFailWith = [...new Set([...(draft.mayFailWith ?? []), ...TROUBLE])];
  return { ...base, ...draft, timeoutMs: SYNC_TIMEOUT_MS, mode, mayFailWith };
}
