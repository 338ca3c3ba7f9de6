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
 * while, then all of it does.
 */
export type NetworkFault = 'cut' | 'deaf' | 'still';

export type Fault =
  | { readonly kind: 'kill'; readonly target: ProcessName; readonly downMs: number }
  | { readonly kind: 'pause'; readonly target: ProcessName; readonly ms: number }
  | { readonly kind: NetworkFault; readonly target: ClientName; readonly ms: number };

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

/** As many steps as it takes for so many kills; between them pauses and failures of the network. */
export function planSteps(seed: number, kills: number): Step[] {
  const random = Seeded.of(seed, 'steps');
  const steps: Step[] = [];
  for (let killed = 0; killed < kills; ) {
    const afterMs = random.int(100, 1_500);
    const kind = random.weighted({ kill: 60, pause: 12, cut: 10, deaf: 12, still: 6 });
    if (kind === 'kill') {
      steps.push({ afterMs, kind, target: random.weighted(WEIGHTS), downMs: random.int(0, 1_000) });
      killed++;
    } else if (kind === 'pause') {
      steps.push({ afterMs, kind, target: random.weighted(WEIGHTS), ms: pauseMs(random) });
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
  return `+${step.afterMs} ms  ${step.kind} ${step.target}, ${length}`;
}
