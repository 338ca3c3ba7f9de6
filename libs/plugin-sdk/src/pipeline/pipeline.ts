/** A pipeline as data: its phases in order, typed from one to the next. It runs nothing (see `run-pipeline.ts`). */
import { Fault } from '@orchestrator/protocol';
import type { DataOf, Phase, PluginRequest } from './phase.js';

type AnyPhase = Phase<never, unknown>;

/** One place of a pipeline. */
export type Stage =
  | { readonly kind: 'phase'; readonly phase: AnyPhase }
  | { readonly kind: 'parallel'; readonly name: string; readonly phases: Readonly<Record<string, AnyPhase>> }
  | {
      readonly kind: 'when';
      readonly condition: (previous: never, request: PluginRequest) => boolean;
      readonly phase: AnyPhase;
    }
  | {
      readonly kind: 'each';
      readonly items: (previous: never) => readonly unknown[];
      readonly phase: AnyPhase;
      readonly concurrency: number;
    };

/** How many items of a phase are worked on at once, where it does not say. */
const CONCURRENCY = 4;

/**
 * Phases in order. Each method answers a longer pipeline, whose type says what it yields: a phase that does not take what the
 * one before it answers does not compile.
 */
export class Pipeline<Out> {
  readonly stages: readonly Stage[];
  /** Never set: only so that the type of what it yields counts. */
  declare readonly yields: Out;

  constructor(stages: readonly Stage[]) {
    this.stages = stages;
  }

  /** Then this phase. @throws Fault `invalid-argument` for a name that the pipeline has already, as do all of these */
  phase<Next>(phase: Phase<Out, Next>): Pipeline<Next> {
    return this.#with({ kind: 'phase', phase });
  }

  /** Then these phases at the same time, all given the same; what they answer stands under their keys. */
  parallel<Phases extends Readonly<Record<string, Phase<Out, unknown>>>>(
    name: string,
    phases: Phases,
  ): Pipeline<{ readonly [Key in keyof Phases]: DataOf<Phases[Key]> }> {
    return this.#with({ kind: 'parallel', name, phases });
  }

  /** Then this phase, if the condition holds; else what came before goes on as it is. The decision is kept, too. */
  when<Next>(
    condition: (previous: Out, request: PluginRequest) => boolean,
    phase: Phase<Out, Next>,
  ): Pipeline<Out | Next> {
    return this.#with({ kind: 'when', condition, phase });
  }

  /**
   * Then this phase once for each item, some at a time; what they answer is a list in the order of the items. Which items there
   * are must follow from what came before alone.
   */
  each<Item, Next>(
    items: (previous: Out) => readonly Item[],
    phase: Phase<Item, Next>,
    options: { readonly concurrency?: number } = {},
  ): Pipeline<readonly Next[]> {
    const { concurrency = CONCURRENCY } = options;
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new Fault('invalid-argument', `"${phase.name}": concurrency is ${concurrency}; it must be 1 or more.`);
    }
    return this.#with({ kind: 'each', items, phase, concurrency });
  }

  #with<Next>(stage: Stage): Pipeline<Next> {
    const taken = new Set(this.stages.flatMap(namesOf));
    const names = namesOf(stage);
    for (const [at, name] of names.entries()) {
      if (!name.trim()) throw new Fault('invalid-argument', 'A phase has no name.');
      if (!taken.has(name) && names.indexOf(name) === at) continue;
      throw new Fault('invalid-argument', `The pipeline has a phase "${name}" already: each needs a name of its own.`);
    }
    return new Pipeline<Next>([...this.stages, stage]);
  }
}

/** A pipeline to add phases to: `pipeline().phase(plan).phase(write)`. */
export function pipeline(): Pipeline<PluginRequest> {
  return new Pipeline<PluginRequest>([]);
}

/** What a stage and its phases are called. */
function namesOf(stage: Stage): string[] {
  if (stage.kind !== 'parallel') return [stage.phase.name];
  return [stage.name, ...Object.values(stage.phases).map(({ name }) => name)];
}

/** How a stage is told from another: a run goes on only with the pipeline that it began with. */
export function shapeOf(stage: Stage): string {
  if (stage.kind !== 'parallel') return `${stage.kind} ${JSON.stringify(stage.phase.name)}`;
  const branches = Object.entries(stage.phases).map(
    ([key, { name }]) => `${JSON.stringify(key)}: ${JSON.stringify(name)}`,
  );
  return `parallel ${JSON.stringify(stage.name)} {${branches.join(', ')}}`;
}
