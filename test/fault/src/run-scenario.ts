/** One run: the system starts, the caller sends, the steps are carried out, quiet returns, and the evidence is judged. */
import { setTimeout as delay } from 'node:timers/promises';
import { connectBus } from '@orchestrator/bus';
import { check, type Violation } from './check.js';
import { type Evidence, EvidenceReader } from './evidence.js';
import { operationOf } from './operations.js';
import { planSteps, type Step } from './scenario.js';
import { CALLER, Stage } from './stage.js';

export interface ScenarioOptions {
  readonly seed: number;
  readonly kills: number;
  readonly ratePerSecond: number;
  /** Told of each step as it is taken. */
  readonly onStep?: (step: Step, index: number) => void;
  /** Given each line that a process writes. */
  readonly log?: (line: string) => void;
}

export interface ScenarioReport {
  readonly steps: readonly Step[];
  readonly violations: readonly Violation[];
  readonly evidence: Evidence;
  readonly failedStarts: number;
}

/** How long after the last fault everything may take to have ended. */
const SETTLE_MS = 60_000;
const LOOK_MS = 1_000;

export async function runScenario(options: ScenarioOptions): Promise<ScenarioReport> {
  const { seed, kills, onStep } = options;
  const steps = planSteps(seed, kills);
  const stage = await Stage.start(options);
  try {
    for (const [index, step] of steps.entries()) {
      await delay(step.afterMs);
      onStep?.(step, index);
      await stage.inflict(step);
    }
    await stage.calm();
    await stage.endCaller();
    const { evidence, violations } = await judge(stage, seed);
    const surprises = stage.surprises.map((what) => ({ rule: 'nothing ends by itself', what }));
    return { steps, evidence, violations: [...violations, ...surprises], failedStarts: stage.failedStarts };
  } finally {
    await stage.stop();
  }
}

/** Looks until no rule is broken, or until nothing can be expected to change any more. */
async function judge(stage: Stage, seed: number): Promise<Pick<ScenarioReport, 'evidence' | 'violations'>> {
  const giveUpAtMs = Date.now() + SETTLE_MS;
  const connect = (user: string) => connectBus({ url: stage.system.urlAs(user), name: 'checker' });
  const buses = [await connect('choreographer'), await connect('caller')] as const;
  try {
    const reader = new EvidenceReader(...buses);
    for (;;) {
      const evidence = await reader.read(stage.sent, stage.effects.read());
      const violations = check(evidence, CALLER, (n) => operationOf(seed, n));
      if (violations.length === 0 || Date.now() > giveUpAtMs) return { evidence, violations };
      await delay(LOOK_MS);
    }
  } finally {
    for (const bus of buses) await bus.nc.close();
  }
}
