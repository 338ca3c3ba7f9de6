/** What is done to which process, and when: drawn from a seed, so that the same seed gives the same list. Pure. */
import { Seeded } from './seeded.js';

/** Everything that can be killed and paused. The caller is not among them: its log is the evidence. */
const PROCESSES = [
  'choreographer',
  'choreographer-2',
  'registry',
  'probe',
  'probe-2',
  'mirror',
  'nats-server',
] as const;
export type ProcessName = (typeof PROCESSES)[number];
/** Everything that reaches NATS through a proxy of its own. */
type ClientName = Exclude<ProcessName, 'nats-server'> | 'caller';

/**
 * How a network fails. `cut`: connections break and none is made. `deaf`: what the process sends arrives, and nothing
 * comes back until the connection breaks, so that acknowledgements are lost. `still`: nothing passes either way for a
 * while, then all of it does. `late`: all of it comes late. `slow`: the process cannot keep up with what is sent to it.
 * `twice`, `shuffled`: what streams deliver comes twice, or in another order.
 */
export type NetworkFault = 'cut' | 'deaf' | 'still' | 'late' | 'slow' | 'twice' | 'shuffled';

/** Streams that may be full for a while; that of the history forgets instead. */
const STREAMS_TO_FILL = ['requests', 'work', 'attempts', 'claims', 'results', 'dead'] as const;

/** What writes files of its own. What plugins write in these tests is the evidence. */
const WRITERS = ['choreographer', 'choreographer-2', 'nats-server'] as const;

export type Fault =
  | { readonly kind: 'kill'; readonly target: ProcessName; readonly downMs: number }
  | { readonly kind: 'pause'; readonly target: ProcessName; readonly ms: number }
  | { readonly kind: NetworkFault; readonly target: ClientName; readonly ms: number }
  /** The stream takes nothing more. */
  | { readonly kind: 'full'; readonly target: (typeof STREAMS_TO_FILL)[number]; readonly ms: number }
  /** No file of the process can grow: its disk is full. What that ends is started again by its supervisor. */
  | { readonly kind: 'no-space'; readonly target: (typeof WRITERS)[number]; readonly ms: number }
  /** The clock of the process jumps, and later back. */
  | {
      readonly kind: 'clock';
      readonly target: Exclude<ProcessName, 'nats-server'>;
      readonly ms: number;
      readonly skewMs: number;
    };

export type Step = Fault & {
  /** Since the step before. */
  readonly afterMs: number;
};

const WEIGHTS: Readonly<Record<ProcessName, number>> = {
  choreographer: 18,
  'choreographer-2': 18,
  registry: 8,
  probe: 16,
  'probe-2': 16,
  mirror: 14,
  'nats-server': 10,
};
const { 'nats-server': _server, ...processClients } = WEIGHTS;
const CLIENT_WEIGHTS: Readonly<Record<ClientName, number>> = { ...processClients, caller: 18 };

/** Clocks may differ by so much: see docs/architecture.md. */
const MAX_SKEW_MS = 2_000;

const KINDS = {
  ...{ kill: 60, pause: 10, cut: 7, deaf: 9, still: 5, late: 3, slow: 4, twice: 5, shuffled: 5 },
  ...{ full: 4, 'no-space': 4, clock: 5 },
} as const satisfies Record<Fault['kind'], number>;

/** As many steps as it takes for so many kills; between them pauses and failures of the network. */
export function planSteps(seed: number, kills: number): Step[] {
  const random = Seeded.of(seed, 'steps');
  const steps: Step[] = [];
  for (let killed = 0; killed < kills; ) {
    const afterMs = random.int(100, 1_500);
    const kind = random.weighted(KINDS);
    if (kind === 'kill') {
      steps.push({ afterMs, kind, target: random.weighted(WEIGHTS), downMs: random.int(0, 1_000) });
      killed++;
    } else if (kind === 'pause') {
      steps.push({ afterMs, kind, target: random.weighted(WEIGHTS), ms: pauseMs(random) });
    } else if (kind === 'full') {
      steps.push({ afterMs, kind, target: random.pick(STREAMS_TO_FILL), ms: random.int(500, 4_000) });
    } else if (kind === 'no-space') {
      steps.push({ afterMs, kind, target: random.pick(WRITERS), ms: random.int(500, 3_000) });
    } else if (kind === 'clock') {
      const skewMs = random.int(500, MAX_SKEW_MS) * (random.chance(0.5) ? 1 : -1);
      steps.push({ afterMs, kind, target: random.weighted(processClients), ms: random.int(1_000, 10_000), skewMs });
    } else {
      steps.push({ afterMs, kind, target: random.weighted(CLIENT_WEIGHTS), ms: random.int(50, 3_000) });
    }
  }
  return steps;
}

/** Now and then longer than the lease and than the time after which an instance counts as gone. */
function pauseMs(random: Seeded): number {
  return random.chance(0.3) ? random.int(3_500, 5_000) : random.int(50, 1_500);
}

export function describeStep(step: Step): string {
  const length = step.kind === 'kill' ? `down ${step.downMs} ms` : `${step.ms} ms`;
  const skew = step.kind === 'clock' ? ` ${step.skewMs} ms` : '';
  return `+${step.afterMs} ms  ${step.kind} ${step.target}${skew}, ${length}`;
}
