/**
 * `npm run bench [-- --rounds 5] [--json]`: calls through the orchestrator beside the same work on raw nats.js, in the same
 * minute, as ratios. Tracing and history are on; the next side begins when the history of the last one is whole. Rounds
 * alternate; figures are medians over rounds.
 */
import { parseArgs } from 'node:util';
import { shippedPlugins, startNats, startProcess, startSystem } from '@orchestrator/local';
import { PROBE } from '@orchestrator/testing';
import { durableCall, rawDurable, rawRequest, syncCall } from './callers.mjs';
import { measure, median } from './load.mjs';
import { measureStartup } from './startup.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write('npm run bench [-- --rounds N (odd, default 3)] [--json]\n');
  process.exit(0);
}
const rounds = Number(values.rounds);
const script = (name) => new URL(name, import.meta.url).pathname;
const tell = (text) => process.stderr.write(`${text}\n`);

const sink = await startProcess({
  name: 'sink',
  command: process.execPath,
  args: [script('trace-sink.mjs')],
  readyLine: / ready$/,
});
const otlpUrl = sink.tail().at(-1).split(' ')[0];
const system = await startSystem({
  plugins: [PROBE, ...shippedPlugins()],
  otlpUrl,
  onStep: (step) => tell(`starting ${step} …`),
});
// The raw side has a server of its own: it needs streams that no user of ours may make.
const rawNats = await startNats();
const raw = await startProcess({
  name: 'raw',
  command: process.execPath,
  args: [script('raw-server.mjs')],
  env: { NATS_URL: rawNats.url },
  readyLine: / ready$/,
});

try {
  const sides = {
    rawRequest: await rawRequest(rawNats.url),
    syncCall: await syncCall(system.nats.url),
    rawDurable: await rawDurable(rawNats.url),
    durableCall: await durableCall(system.nats.url),
  };
  const figures = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, side] of Object.entries(sides)) {
      tell(`round ${round} of ${rounds}: ${name}`);
      const figure = await measure(side.call);
      const start = performance.now();
      await side.settled?.();
      figures[name].push({ ...figure, settledMs: performance.now() - start });
    }
  }
  for (const side of Object.values(sides)) await side.close();
  const startups = {};
  for (const { name } of shippedPlugins()) {
    tell(`start of ${name}`);
    startups[name] = await measureStartup(system, name);
  }
  report(figures, startups);
} finally {
  await raw.stop();
  await rawNats.stop();
  await system.stop();
  await sink.stop();
}

function report(figures, startups) {
  const of = (name, key) => median(figures[name].map((figure) => figure[key]));
  const ratio = (ours, theirs, key) => of(ours, key) / of(theirs, key);
  const rows = [
    [
      'sync call, rate at 64 in flight',
      of('syncCall', 'perSecond'),
      'calls/s',
      ratio('syncCall', 'rawRequest', 'perSecond'),
      '≥ 0.6',
    ],
    ['sync call, p50 alone', of('syncCall', 'p50Ms'), 'ms', ratio('syncCall', 'rawRequest', 'p50Ms'), '≤ 2'],
    [
      'durable call, rate at 64 in flight',
      of('durableCall', 'perSecond'),
      'calls/s',
      ratio('durableCall', 'rawDurable', 'perSecond'),
      '≥ 0.5',
    ],
    ['durable call, p50 alone', of('durableCall', 'p50Ms'), 'ms', ratio('durableCall', 'rawDurable', 'p50Ms'), ''],
    ['history whole after the last sync call', of('syncCall', 'settledMs'), 'ms', undefined, ''],
    ['history whole after the last durable call', of('durableCall', 'settledMs'), 'ms', undefined, ''],
    ...Object.entries(startups).flatMap(([name, { readyMs, residentMb }]) => [
      [`process of ${name} ready`, readyMs, 'ms', undefined, '≤ 600 ms'],
      [`process of ${name} resident, idle`, residentMb, 'MB', undefined, '≤ 110 MB'],
    ]),
  ];
  if (values.json) {
    const json = rows.map(([what, value, unit, toRaw, wanted]) => ({ what, value, unit, ratioToRaw: toRaw, wanted }));
    process.stdout.write(`${JSON.stringify({ rows: json, rounds: figures }, null, 2)}\n`);
    return;
  }
  for (const [what, value, unit, toRaw, wanted] of rows) {
    const figure = `${value >= 100 ? Math.round(value) : value.toFixed(2)} ${unit}`;
    const compared = toRaw === undefined ? '' : `${toRaw.toFixed(2)} × raw`;
    process.stdout.write(`${what.padEnd(42)} ${figure.padStart(16)} ${compared.padStart(12)}   ${wanted}\n`);
  }
}
