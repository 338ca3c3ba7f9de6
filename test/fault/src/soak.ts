/** `npm run soak [-- --kills 1000 --seed N --rate 20 --verbose]`: ends with 1, and the seed, when a rule was broken. */
import { parseArgs } from 'node:util';
import { describeFailure, figuresOf } from './report.js';
import { runScenario } from './run-scenario.js';
import { describeStep } from './scenario.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    rate: { type: 'string', default: '20' },
    verbose: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const kills = Number(values.kills);
const startedAtMs = Date.now();
const tell = (line: string) => process.stderr.write(`${line}\n`);

tell(`seed ${seed}, ${kills} kills`);
const report = await runScenario({
  seed,
  kills,
  ratePerSecond: Number(values.rate),
  onStep: (step, index) =>
    tell(`${Math.round((Date.now() - startedAtMs) / 1_000)} s  step ${index + 1}  ${describeStep(step)}`),
  ...(values.verbose && { log: tell }),
});
if (report.violations.length > 0) {
  tell(describeFailure(seed, report));
  process.exitCode = 1;
}
process.stdout.write(`seed ${seed}: ${figuresOf(report)}, ${Math.round((Date.now() - startedAtMs) / 1_000)} s\n`);
