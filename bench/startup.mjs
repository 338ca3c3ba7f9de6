/** How long a plugin's process takes until it is ready, and what it holds when idle. */

import { setTimeout as delay } from 'node:timers/promises';
import { shippedPlugins } from '@orchestrator/local';
import { residentMb } from './resident.mjs';
import { tell } from './stage.mjs';

const RUNS = 5;
const SETTLE_MS = 2_000;

export async function rowsOfStartup(stage) {
  const rows = [];
  for (const { name } of shippedPlugins()) {
    tell(`start of ${name}`);
    const { readyMs, heldMb } = await measureStartup(await stage.main(), name);
    rows.push([`process of ${name} ready`, readyMs, 'ms', undefined, '≤ 600 ms']);
    rows.push([`process of ${name} resident, idle`, heldMb, 'MB', undefined, '≤ 110 MB']);
  }
  return rows;
}

/** @param {import('@orchestrator/local').RunningSystem} system with a plugin of that name */
async function measureStartup(system, name) {
  const readyMs = [];
  let heldMb;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const running = await system.start(name, `${name}-${run}`);
    readyMs.push(performance.now() - start);
    if (run === RUNS - 1) {
      await delay(SETTLE_MS);
      heldMb = residentMb(running.pid);
    }
    await running.stop();
  }
  return { readyMs: readyMs.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)], heldMb };
}
