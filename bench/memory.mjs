/**
 * `npm run bench:memory [-- --count 1000000]`: durable invocations through one choreographer and one plugin, and what both
 * processes hold, ten times on the way. They hold as much in the end as after the first tenth, more or less.
 */
import { parseArgs } from 'node:util';
import { durableCall } from './callers.mjs';
import { inFlight } from './load.mjs';
import { residentMb } from './resident.mjs';
import { Stage } from './stage.mjs';

const TENTHS = 10;
const { values } = parseArgs({ options: { count: { type: 'string', default: '1000000' }, help: { type: 'boolean' } } });
const perTenth = Math.floor(Number(values.count) / TENTHS);
if (values.help || !(perTenth > 0)) {
  (values.help ? process.stdout : process.stderr).write(
    'npm run bench:memory [-- --count N (from 10, default 1000000)]\n',
  );
  process.exit(values.help ? 0 : 2);
}

const stage = new Stage();
try {
  const system = await stage.main();
  const side = await durableCall(system.nats.url);
  const held = () => ['choreographer', 'probe'].map((name) => residentMb(system.processes.get(name).pid));
  const line = (...columns) => process.stdout.write(`${columns.map((one) => String(one).padStart(14)).join('')}\n`);
  line('invocations', 'choreographer', 'plugin', 'per second');
  for (let tenth = 1; tenth <= TENTHS; tenth++) {
    const start = performance.now();
    await inFlight(side.call, perTenth);
    const perSecond = perTenth / ((performance.now() - start) / 1000);
    line(tenth * perTenth, ...held().map((mb) => `${Math.round(mb)} MB`), Math.round(perSecond));
  }
  await side.close();
} finally {
  await stage.stop();
}
