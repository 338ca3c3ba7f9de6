/**
 * Runs a pipeline. Each phase is a step of the invocation: when it has finished, its output is kept, and an attempt that comes
 * after a crash goes on behind it. The names of the steps are the places of the phases, so that a phase which was renamed, moved
 * or taken out is noticed, and a run never goes on with another pipeline than it began with.
 */
import { Fault } from '@orchestrator/protocol';
import type { InvocationContext } from '../invocation-context.js';
import type { Phase, PluginRequest } from './phase.js';
import { type Pipeline, type Stage, shapeOf } from './pipeline.js';
import { SharedValues } from './shared-values.js';

/** What is kept of a phase. */
interface Finished {
  readonly data: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly shared?: Readonly<Record<string, unknown>>;
}

/** What a pipeline has made. */
export interface PipelineOutput {
  readonly data: unknown;
  /** Of each phase that has some, by its name; of one that ran for items, a list. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * @throws Fault of the phase that failed, with its name in `details.phase`; `incompatible-version` when an earlier attempt of the
 *   run was made with other phases
 */
export async function runPipeline(
  { stages }: Pipeline<unknown>,
  request: PluginRequest,
  invocation: InvocationContext,
): Promise<PipelineOutput> {
  await checkShape(stages, invocation);
  const run = new Run(request, invocation);
  let data: unknown = request;
  for (const [at, stage] of stages.entries()) {
    data = await run.stage(stage, String(at), data);
    invocation.progress((100 * (at + 1)) / stages.length, shapeOf(stage));
  }
  return { data, metadata: run.metadata };
}

async function checkShape(stages: readonly Stage[], invocation: InvocationContext): Promise<void> {
  const now = stages.map(shapeOf);
  const then = await invocation.step('pipeline', () => now, null);
  const isSame = then.length === now.length && then.every((shape, at) => shape === now[at]);
  if (isSame) return;
  throw new Fault(
    'incompatible-version',
    'This run began with other phases than the plugin has now, and cannot go on with these. Start it anew, or go back to the plugin that it began with.',
    { began: then, now },
  );
}

class Run {
  readonly #request: PluginRequest;
  readonly #invocation: InvocationContext;
  readonly #shared = new SharedValues();
  readonly metadata: Record<string, unknown> = {};

  constructor(request: PluginRequest, invocation: InvocationContext) {
    this.#request = request;
    this.#invocation = invocation;
  }

  async stage(stage: Stage, step: string, previous: unknown): Promise<unknown> {
    switch (stage.kind) {
      case 'phase':
        return (await this.#one(stage.phase, step, previous)).data;
      case 'parallel':
        return this.#parallel(stage, step, previous);
      case 'when': {
        const isWanted = () => stage.condition(previous as never, this.#request);
        const holds = await this.#invocation.step(`${step}-when`, () => inPhase(stage.phase.name, isWanted), null);
        return holds ? (await this.#one(stage.phase, step, previous)).data : previous;
      }
      case 'each':
        return this.#each(stage, step, previous);
    }
  }

  async #one(phase: Phase<never, unknown>, step: string, previous: unknown): Promise<Finished> {
    const finished = await this.#finish(phase, step, previous);
    this.#shared.take([{ phase: phase.name, values: finished.shared ?? {} }]);
    if (finished.metadata) this.metadata[phase.name] = finished.metadata;
    return finished;
  }

  async #parallel(stage: Extract<Stage, { kind: 'parallel' }>, step: string, previous: unknown): Promise<unknown> {
    const branches = Object.entries(stage.phases);
    const all = await allOrFirstFault(
      branches.map(
        ([, phase], at) =>
          () =>
            this.#finish(phase, `${step}-${at}`, previous),
      ),
      branches.length,
    );
    this.#shared.take(all.map(({ shared = {} }, at) => ({ phase: branches[at]?.[1].name ?? '', values: shared })));
    for (const [at, { metadata }] of all.entries()) {
      const name = branches[at]?.[1].name;
      if (metadata && name !== undefined) this.metadata[name] = metadata;
    }
    return Object.fromEntries(branches.map(([key], at) => [key, all[at]?.data]));
  }

  async #each(stage: Extract<Stage, { kind: 'each' }>, step: string, previous: unknown): Promise<unknown> {
    const { phase, concurrency } = stage;
    const items = await inPhase(phase.name, () => stage.items(previous as never));
    const all = await allOrFirstFault(
      items.map((item, at) => () => this.#finish(phase, `${step}-${at}`, item, `${phase.name} ${at + 1}`)),
      concurrency,
    );
    this.#shared.take(all.map(({ shared = {} }, at) => ({ phase: `${phase.name} ${at + 1}`, values: shared })));
    const metadata = all.map((one) => one.metadata ?? null);
    if (metadata.some((one) => one !== null)) this.metadata[phase.name] = metadata;
    return all.map(({ data }) => data);
  }

  /** @param title what it is shown as */
  #finish(phase: Phase<never, unknown>, step: string, previous: unknown, title = phase.name): Promise<Finished> {
    const { signal } = this.#invocation;
    return inPhase(phase.name, () =>
      this.#invocation.step(
        step,
        async () => {
          signal.throwIfAborted();
          const shared = this.#shared.view();
          const input = {
            previous: previous as never,
            request: this.#request,
            shared,
            invocation: this.#invocation,
            signal,
          };
          const output = await phase.execute(input);
          if (output?.data === undefined) {
            throw new Fault('failed', 'It answered no data: a phase answers { data }, and null where there is none.');
          }
          const { data, metadata } = output;
          const isAnyWritten = Object.keys(shared.written).length > 0;
          return { data, ...(metadata && { metadata }), ...(isAnyWritten && { shared: shared.written }) };
        },
        title,
      ),
    );
  }
}

/** Says in whose work it failed. */
async function inPhase<T>(phase: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message, details } = Fault.from(error, 'failed');
    throw new Fault(code, `Phase "${phase}": ${message}`, { ...details, phase }, { cause: error });
  }
}

/** Some at a time. When one fails, no other is begun, and those that run are waited for, so that what they finish is kept. */
async function allOrFirstFault<T>(works: readonly (() => Promise<T>)[], concurrency: number): Promise<T[]> {
  const answers: T[] = [];
  let next = 0;
  let failed: { readonly error: unknown } | undefined;
  const worker = async () => {
    while (next < works.length && !failed) {
      const at = next++;
      try {
        answers[at] = await (works[at] as () => Promise<T>)();
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, works.length) }, worker));
  if (failed) throw (failed as { readonly error: unknown }).error;
  return answers;
}
