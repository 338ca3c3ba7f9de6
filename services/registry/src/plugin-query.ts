import { boundProblems, type Problem, pointerTo } from '@orchestrator/manifest';
import { Fault } from '@orchestrator/protocol';

/** Which of what is installed is asked for, and where to go on. */
export interface PluginQuery {
  /** The `next` of an earlier answer. */
  readonly after: string | undefined;
  /** @default all */
  readonly names: ReadonlySet<string> | undefined;
}

/** @throws Fault `invalid-argument` with all that is wrong */
export function parsePluginQuery({ after, names, ...more }: Readonly<Record<string, unknown>>): PluginQuery {
  const problems: Problem[] = Object.keys(more).map((field) => ({
    pointer: pointerTo('', field),
    message: 'unknown field; known are after, names',
  }));
  const isAfter = after === undefined || typeof after === 'string';
  if (!isAfter) problems.push({ pointer: '/after', message: 'expected the next of an earlier answer' });
  const areNames = names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'));
  if (!areNames) problems.push({ pointer: '/names', message: 'expected a list of names of plugins' });
  if (isAfter && areNames && problems.length === 0) return { after, names: names && new Set(names as string[]) };
  throw new Fault('invalid-argument', `The question has ${problems.length} problem(s).`, {
    problems: boundProblems(problems),
  });
}
