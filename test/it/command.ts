/** The command as a person or a script starts it: a process with arguments, input, output and an exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect } from '@jest/globals';

const COMMAND = resolve(import.meta.dirname, '../../cli/bin/orchestrator.js');
/** Makes Node say that it is an older one: then the command hands over to the Node that the project pins. */
const OLD_NODE = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})`;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Resolves once the output holds the text. */
  says(text: string): Promise<void>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly input?: string | undefined;
  /** As on a machine whose Node is too old, where one process stands for another. */
  readonly byOldNode?: boolean;
}

export function start(
  args: readonly string[],
  { env = {}, input = '', byOldNode = false }: StartOptions = {},
): Running {
  const node = byOldNode ? ['--import', OLD_NODE] : [];
  const child = spawn(process.execPath, [...node, COMMAND, ...args], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const hear = () => {
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', (data) => {
    stdout += data;
    hear();
  });
  child.stderr.on('data', (data) => {
    stderr += data;
    hear();
  });
  child.stdin.on('error', () => {}); // it ended before it had read all
  child.stdin.end(input);
  const ended = new Promise<Ended>((done) =>
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr })),
  );
  const says = (text: string) =>
    new Promise<void>((done, fail) => {
      const look = () => {
        if (`${stdout}${stderr}`.includes(text)) done();
      };
      listeners.add(look);
      look();
      void ended.then((end) => fail(new Error(`It ended without saying "${text}": ${JSON.stringify(end)}`)));
    });
  return { child, pid: child.pid ?? 0, ended, says };
}

export function run(args: readonly string[], env?: NodeJS.ProcessEnv, input?: string): Promise<Ended> {
  return start(args, { env, input }).ended;
}

/** A message for people: says something, and never shows a stack. */
export function expectPlain(end: Ended, code: number, ...words: (string | RegExp)[]): void {
  expect({ code: end.code, stderr: end.stderr }).toMatchObject({ code });
  for (const word of words) expect(end.stderr).toMatch(word);
  expect(end.stderr).not.toMatch(/\n\s+at /);
}
