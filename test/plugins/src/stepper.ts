/** A pipeline of a hundred phases that do nothing, and one that tells how long all of them took: for the bench. */
import { type Phase, type Plugin, type PluginRequest, pipeline, runPlugin } from '@orchestrator/plugin-sdk';

const PHASES = 100;
/** Of the run under way: there is one at a time. */
let begunAtMs = 0;

const nothing = (at: number): Phase<unknown, number> => ({ name: `Phase ${at}`, execute: () => ({ data: at }) });

const last: Phase<unknown, { readonly tookMs: number }> = {
  name: 'Last',
  execute({ request: { options }, invocation }) {
    if (options.fails === true && invocation.attempt === 1) throw new Error('once');
    return { data: { tookMs: performance.now() - begunAtMs } };
  },
};

const stepper: Plugin = {
  name: 'stepper',
  version: '1.0.0',
  description: 'Goes through a hundred phases.',
  run: { retry: { backoffMs: 100 } },
  validateRequest(_request: PluginRequest) {
    begunAtMs = performance.now();
  },
  getPipeline: () =>
    Array.from({ length: PHASES }, (_, at) => nothing(at))
      .reduce((before, phase) => before.phase(phase), pipeline().phase<unknown>(nothing(-1)))
      .phase(last),
};

await runPlugin(stepper);
