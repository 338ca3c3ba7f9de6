/**
 * `npm run bench [-- --only PART]… [--rounds 5] [--json]`: calls through the orchestrator beside the same work on raw nats.js,
 * in the same minute, as ratios. Tracing and history are on; the next side begins when the history of the last one is whole.
 * Rounds alternate; figures are medians over rounds.
 */
import { parseArgs } from 'node:util';
import { openCalls, rowsOfCalls } from './calls.mjs';
import { rowsOfCatalogue } from './catalogue.mjs';
import { CHAIN_LOAD, openChain, rowsOfChain } from './chain.mjs';
import { FAIRNESS_LOAD, openFairness, rowsOfFairness } from './fairness.mjs';
import { measure, median } from './load.mjs';
import { openManyPlugins, rowsOfManyPlugins } from './many-plugins.mjs';
import { rowsOfPhases } from './phases.mjs';
import { rowsOfPropagation } from './propagation.mjs';
import { Stage, tell } from './stage.mjs';
import { rowsOfStartup } from './startup.mjs';
import { openTracing, rowsOfTracing } from './tracing.mjs';

const compared = {
  calls: { open: openCalls, rows: rowsOfCalls },
  chain: { open: openChain, rows: rowsOfChain, load: CHAIN_LOAD },
  tracing: { open: openTracing, rows: rowsOfTracing },
  plugins: { open: openManyPlugins, rows: rowsOfManyPlugins },
  fairness: { open: openFairness, rows: rowsOfFairness, load: FAIRNESS_LOAD },
};
/** Measured by themselves, once. */
const alone = {
  startup: rowsOfStartup,
  catalogue: async (stage) => [...rowsOfCatalogue(), ...(await rowsOfPropagation(stage))],
  phases: rowsOfPhases,
};
const PARTS = [...Object.keys(compared), ...Object.keys(alone)];
const USAGE = `npm run bench [-- --only ${PARTS.join('|')}]… [--rounds N (odd, default 3)] [--json]\n`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true, default: PARTS },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});
const rounds = Number(values.rounds);
const isUsable = rounds > 0 && rounds % 2 === 1 && values.only.every((part) => PARTS.includes(part));
if (values.help || !isUsable) {
  (values.help ? process.stdout : process.stderr).write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const stage = new Stage();
const rows = [];
const measured = {};
try {
  for (const part of PARTS.filter((one) => values.only.includes(one))) {
    rows.push(...(part in alone ? await alone[part](stage) : await compare(compared[part])));
  }
} finally {
  await stage.stop();
}
if (values.json) printJson();
else rows.forEach(printRow);

/** The sides of one part in turn, as often as there are rounds. */
async function compare({ open, rows: rowsOf, load }) {
  const sides = await open(stage);
  const figures = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, side] of Object.entries(sides)) {
      tell(`round ${round} of ${rounds}: ${name}`);
      side.begin?.();
      const figure = await measure(side.call, load);
      const start = performance.now();
      await side.settled?.();
      figures[name].push({ ...figure, settledMs: performance.now() - start });
      side.end?.();
    }
  }
  for (const side of Object.values(sides)) await side.close();
  Object.assign(measured, figures);
  const of = (name, key) => median(figures[name].map((figure) => figure[key]));
  return rowsOf({ of, ratio: (ours, theirs, key) => of(ours, key) / of(theirs, key) });
}

function printJson() {
  const json = rows.map(([what, value, unit, ratio, wanted]) => ({ what, value, unit, ratio, wanted }));
  process.stdout.write(`${JSON.stringify({ rows: json, rounds: measured }, null, 2)}\n`);
}

function printRow([what, value, unit, ratio, wanted = '']) {
  const figure = `${value >= 100 ? Math.round(value) : value.toFixed(2)} ${unit}`;
  const beside = ratio === undefined ? '' : `${ratio.toFixed(2)} ×`;
  process.stdout.write(`${what.padEnd(64)} ${figure.padStart(16)} ${beside.padStart(9)}   ${wanted}\n`);
}
