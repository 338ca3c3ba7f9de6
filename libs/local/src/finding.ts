/**
 * Which way of getting a component is taken, given what each way answered. Pure: `locate.ts` does the asking.
 */
import { gte, parse } from 'semver';
import type { Component } from './versions.js';

/** The ways in the order in which they are tried. */
export const WAYS = ['address', 'path', 'cache', 'go', 'docker'] as const;
export type Way = (typeof WAYS)[number];

/** What one way answered: where the component is, or why this way does not serve. */
export type Answer = { readonly found: string; readonly version?: string } | { readonly absent: string };

/** The answers so far. A way that was not asked is missing. */
export type Answers = Partial<Record<Way, Answer>>;

/** A server that runs already, a binary to run, a binary that Go still has to build, or an image to run. */
export type Source =
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'binary'; readonly path: string }
  | { readonly kind: 'go'; readonly go: string }
  | { readonly kind: 'docker'; readonly docker: string };

/** The version in what a binary prints, such as `nats-server: v2.15.2` or `{"gitVersion":"v2.13.0"}`. */
export function parseVersionOutput(output: string): string | undefined {
  const match = /\bv?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)/.exec(output);
  return match?.[1] === undefined ? undefined : parse(match[1])?.version;
}

/** Judges a binary on PATH by its version. */
export function judgeBinary(component: Component, path: string, version: string | undefined): Answer {
  if (version === undefined) return { absent: `${path} does not tell its version` };
  if (!gte(version, component.minimum)) return { absent: `${path} is ${version}, which is too old` };
  return { found: path, version };
}

/** The first way, in order, that serves; undefined while none of those asked does. */
export function chooseSource(answers: Answers): Source | undefined {
  for (const way of WAYS) {
    const answer = answers[way];
    if (answer === undefined || 'absent' in answer) continue;
    if (way === 'address') return { kind: 'address', url: answer.found };
    if (way === 'go') return { kind: 'go', go: answer.found };
    if (way === 'docker') return { kind: 'docker', docker: answer.found };
    return { kind: 'binary', path: answer.found };
  }
  return undefined;
}

/** No way of getting a component serves. The message names every way that was asked, what to do for it, and why it did not serve. */
export class ComponentMissingError extends Error {
  override readonly name = 'ComponentMissingError';
  readonly component: string;

  constructor(component: Component, answers: Answers) {
    super(explainMissing(component, answers));
    this.component = component.name;
  }
}

function explainMissing(component: Component, answers: Answers): string {
  const build = component.goPackage
    ? `built once from ${component.goModule}`
    : `built once with: go install ${component.goModule}`;
  const minutes = component.usualBuildSeconds >= 60;
  const usual = minutes ? `${component.usualBuildSeconds / 60} minutes` : `${component.usualBuildSeconds} seconds`;
  const remedies: Record<Way, string> = {
    address: `one that runs already: export ${component.addressVariable}=${component.addressExample}`,
    path: `${component.binary} ${component.minimum} or later on PATH: ${component.releases}`,
    cache: `the project's cache of built tools (ORC_TOOLS_DIR names another folder)`,
    go: `Go (https://go.dev/dl/): then it is ${build}, which usually takes ${usual}`,
    docker: `Docker: then it is run with: docker run ${component.image}`,
  };
  const lines = WAYS.filter((way) => answers[way] !== undefined).map((way) => {
    const answer = answers[way];
    return `  - ${remedies[way]}${answer && 'absent' in answer ? `\n      now: ${answer.absent}` : ''}`;
  });
  return `${component.name} is needed, and there is no way to get it here. Any one of these will do:\n${lines.join('\n')}`;
}
