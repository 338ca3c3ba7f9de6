/** What plugins ask to be granted, and what of it they were: for people, since calls are judged one by one. Pure. */
import type { Grants } from '@orchestrator/admission';
import { boundProblems, MANIFEST_LIMITS, type Manifest, type Problem, pointerTo } from '@orchestrator/manifest';
import { Fault, isName, type PluginGrants, type PluginGrantsList } from '@orchestrator/protocol';

const MAX_LISTED = 1_000;

function grantsOf(grants: Grants, plugin: string, asks: readonly string[] = []): PluginGrants {
  return { plugin, asks, granted: grants.grantedTo(plugin), missing: grants.missingOf(plugin, asks) };
}

/** What to say when it is installed; undefined where it has all that it asks for. */
export function missingGrantsWarning(grants: Grants, manifest: Manifest): string | undefined {
  const { missing } = grantsOf(grants, manifest.name, manifest.grants);
  if (missing.length === 0) return undefined;
  return `${manifest.name} ${manifest.version} asks to be granted ${missing.join(', ')}, and is not: ORC_GRANTS="${manifest.name}: ${missing.join(', ')}" would grant it.`;
}

/** @throws Fault `invalid-argument` with all that is wrong with the question */
export function listGrants(
  grants: Grants,
  manifests: readonly Manifest[],
  question: Readonly<Record<string, unknown>>,
): PluginGrantsList {
  const { plugin, asks, ...more } = question;
  const problems: Problem[] = Object.keys(more).map((field) => ({
    pointer: pointerTo('', field),
    message: 'unknown field; known are plugin, asks',
  }));
  if (plugin !== undefined && (typeof plugin !== 'string' || !isName(plugin))) {
    problems.push({ pointer: '/plugin', message: 'expected the name of a plugin' });
  }
  const isList =
    Array.isArray(asks) && asks.length <= MANIFEST_LIMITS.list && asks.every((one) => typeof one === 'string');
  if (asks !== undefined && (!isList || plugin === undefined)) {
    problems.push({
      pointer: '/asks',
      message: `expected a list of at most ${MANIFEST_LIMITS.list} grants, beside plugin`,
    });
  }
  if (problems.length > 0) {
    throw new Fault('invalid-argument', `The question has ${problems.length} problem(s).`, {
      problems: boundProblems(problems),
    });
  }
  if (asks !== undefined) return { plugins: [grantsOf(grants, plugin as string, asks as string[])] };
  const listed = manifests
    .filter(({ name }) => plugin === undefined || name === plugin)
    .map((one) => ({ ...grantsOf(grants, one.name, one.grants), version: one.version }))
    .filter((one) => one.asks.length > 0 || one.granted.length > 0);
  return { plugins: listed.slice(0, MAX_LISTED) };
}
