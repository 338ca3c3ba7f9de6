/** What a host says when it announces itself, checked as a whole. Pure. */
import { boundProblems, type Manifest, type Problem, pointerTo, validateManifest } from '@orchestrator/manifest';
import { Fault, isInstanceId } from '@orchestrator/protocol';

export interface Announcement {
  readonly manifest: Manifest;
  readonly instance: string;
}

/**
 * @param plugin in whose name it came
 * @throws Fault with all that is wrong in `details.problems`, by pointers into the manifest: `permission-denied` where the
 * manifest is that of another plugin, else `invalid-argument`
 */
export function parseAnnouncement(text: string, plugin: string): Announcement {
  const { manifest: given, instance, ...more } = parseObject(text);
  const { manifest, problems: wrong = [] } = validateManifest(given);
  const problems: Problem[] = [...wrong];
  if (typeof instance !== 'string' || !isInstanceId(instance)) {
    problems.push({ pointer: '', message: 'beside the manifest, expected instance: 1 to 63 of [a-z0-9-]' });
  }
  for (const field of Object.keys(more)) {
    problems.push({
      pointer: '',
      message: `beside the manifest, unknown field ${pointerTo('', field)}; known is instance`,
    });
  }
  const named = (given as { name?: unknown } | null | undefined)?.name;
  const isOfOther = typeof named === 'string' && named !== plugin && !wrong.some(({ pointer }) => pointer === '/name');
  if (isOfOther) {
    problems.push({ pointer: '/name', message: `expected ${plugin}, in whose name it was announced` });
    throw refused('permission-denied', `The manifest of ${named} was announced in the name of ${plugin}.`, problems);
  }
  if (!manifest) throw refused('invalid-argument', `The manifest has ${problems.length} problem(s).`, problems);
  if (problems.length > 0)
    throw refused('invalid-argument', problems.map(({ message }) => message).join('; '), problems);
  return { manifest, instance: instance as string };
}

function refused(code: 'permission-denied' | 'invalid-argument', message: string, problems: readonly Problem[]): Fault {
  return new Fault(code, message, { problems: boundProblems(problems) });
}

function parseObject(text: string): { readonly [field: string]: unknown } {
  let cause: unknown;
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as { [field: string]: unknown };
  } catch (error) {
    cause = error;
  }
  const message = 'An announcement is {"manifest": …, "instance": …}, as JSON.';
  throw new Fault('invalid-argument', message, { problems: [{ pointer: '', message }] }, { cause });
}
