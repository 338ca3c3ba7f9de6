/** A run in words: one line of figures, and after a failure all that is needed to look into it. */
import type { ScenarioReport } from './run-scenario.js';
import { describeStep } from './scenario.js';

const MAX_LISTED = 40;

export function figuresOf({ steps, evidence, failedStarts, violations }: ScenarioReport): string {
  const { sent, effects, results, dead } = evidence;
  const count = (what: string) => sent.filter((entry) => entry.what === what).length;
  const attempts = effects.filter(({ what, attempt }) => what === 'started' && attempt > 1).length;
  const figures = {
    kills: steps.filter(({ kind }) => kind === 'kill').length,
    'other faults': steps.filter(({ kind }) => kind !== 'kill').length,
    'requests acknowledged': count('stored'),
    'acknowledgements lost': count('unacknowledged'),
    results: results.size,
    'dead letters': dead.size,
    'calls answered': count('answer'),
    'runs repeated': attempts,
    'starts failed': failedStarts,
    'rules broken': violations.length,
  };
  return Object.entries(figures)
    .map(([name, figure]) => `${figure} ${name}`)
    .join(', ');
}

/** Seed, steps, and the operations that broke a rule with what their caller wrote of them. */
export function describeFailure(seed: number, { steps, violations, evidence }: ScenarioReport): string {
  const listed = violations
    .slice(0, MAX_LISTED)
    .flatMap(({ rule, n, what }) => [
      `  ${rule}: ${n === undefined ? '' : `operation ${n}: `}${what}`,
      ...evidence.sent.filter((entry) => entry.n === n).map((entry) => `      ${JSON.stringify(entry)}`),
      ...evidence.effects
        .filter(({ name }) => name === `o${n}` || name.startsWith(`o${n}.`))
        .map((effect) => `      ${JSON.stringify(effect)}`),
    ]);
  const omitted = violations.length - MAX_LISTED;
  return [
    `seed ${seed}: ${violations.length} rules broken`,
    ...listed,
    ...(omitted > 0 ? [`  … and ${omitted} more`] : []),
    ...evidence.held.map((line) => `  ${line}`),
    'steps:',
    ...steps.map((step, index) => `  ${index + 1}. ${describeStep(step)}`),
  ].join('\n');
}
