/** Which processes run below another one, as `ps` tells it: the witness that nothing is left behind. */
import { execFileSync } from 'node:child_process';

export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

const POLL_MS = 20;
const TIMEOUT_MS = 15_000;

function processes(): SeenProcess[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const isZombie = state?.startsWith('Z') ?? true; // it has ended, and nobody has asked how
    return isZombie ? [] : [{ pid: Number(pid), parent: Number(parent), command: command ?? '' }];
  });
}

/** All below it, itself included. */
export function treeOf(root: number): SeenProcess[] {
  const all = processes();
  const found = all.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

/** For the end of a test that has failed. */
export function killAll(tree: readonly SeenProcess[]): void {
  for (const { pid } of stillRunning(tree)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended with the one before
    }
  }
}

/** Resolves when none of them runs any more. @throws with those that still do */
export async function allGone(tree: readonly SeenProcess[]): Promise<void> {
  const giveUpAtMs = Date.now() + TIMEOUT_MS;
  for (;;) {
    const left = stillRunning(tree);
    if (left.length === 0) return;
    if (Date.now() > giveUpAtMs) throw new Error(`Still running: ${JSON.stringify(left)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function stillRunning(tree: readonly SeenProcess[]): SeenProcess[] {
  const running = new Map(processes().map(({ pid, command }) => [pid, command]));
  return tree.filter(({ pid, command }) => running.get(pid) === command);
}
