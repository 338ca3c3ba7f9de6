/** What it costs that a phase is kept, and how long an attempt takes to come back to where the last one was. */
import { CallClient, connectBus } from '@orchestrator/bus';
import { STEPPER } from '@orchestrator/testing';
import { median } from './load.mjs';
import { tell } from './stage.mjs';

const RUN = { plugin: 'stepper', capability: 'run' };
/** Of the plugin. */
const PHASES = 100;
const RUNS = 51;
const WARM_UP = 20;

export async function rowsOfPhases(stage) {
  const system = await stage.system({ ORC_CIRCUIT_FAILURE_RATIO: '1' }); // runs fail on purpose here
  const plugin = await system.startPlugin(STEPPER);
  const bus = await connectBus({ url: system.nats.url, name: 'bench' });
  const client = new CallClient(bus, 'bench');
  const tookMs = async (options) => {
    const { result } = await (await client.request(RUN, { input: '', options })).outcome();
    if (!result.ok) throw result.fault;
    return result.value.data.tookMs;
  };
  const times = async (what, count, options) => {
    tell(`${what}: ${count} runs of ${PHASES} phases`);
    const all = [];
    for (let n = 0; n < count; n++) all.push(await tookMs(options));
    return all;
  };
  await times('warm-up', WARM_UP, {});
  const kept = median(await times('phases that are kept', RUNS, {})) / PHASES;
  const resumed = median(await times('runs that fail once, and go on', RUNS, { fails: true }));
  await bus.nc.close();
  await plugin.stop();
  return [
    ['a phase that does nothing, kept', kept, 'ms', undefined, '≤ 1.5 ms'],
    [`back to the last of ${PHASES} phases`, resumed, 'ms', undefined, '≤ 300 ms'],
  ];
}
