/** `npm run fuzz [-- --count 1000000 --seed N]`: ends with 1, and the seed, when something was answered or left as it must not be. */
import { parseArgs } from 'node:util';
import { runFuzz } from './run-fuzz.js';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const count = Number(values.count);
const startedAtMs = Date.now();
const seconds = () => Math.round((Date.now() - startedAtMs) / 1_000);

process.stderr.write(`seed ${seed}, ${count} messages\n`);
const report = await runFuzz({
  seed,
  count,
  onProgress: (sent) => sent % 10_000 === 0 && process.stderr.write(`${seconds()} s  ${sent} sent\n`),
});
for (const problem of report.problems) process.stderr.write(`  ${problem}\n`);
const resident = Object.entries(report.residentMb).map(([name, [before, after]]) => `${name} ${before} → ${after} MB`);
process.stdout.write(
  `seed ${seed}: ${count} messages, ${report.answered} answers, ${report.faults} of them faults, ${resident.join(', ')}, ${report.problems.length} problems, ${seconds()} s\n`,
);
if (report.problems.length > 0) process.exitCode = 1;
