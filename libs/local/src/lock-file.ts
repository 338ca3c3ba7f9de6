/**
 * A lock that is a file with the holder's process id. The lock of a dead process is taken over. Two processes that take
 * over the same dead lock at the same instant may both hold it: it saves work done twice and tells people who is in the
 * way, while what it guards must still be safe by itself (a build is renamed into place as a whole).
 */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const WAIT_INTERVAL_MS = 100;
let attempts = 0;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Takes the lock for a process, or answers with the id of the living process that holds it. */
export function takeLock(path: string, pid: number = process.pid): { heldBy: number } | undefined {
  mkdirSync(dirname(path), { recursive: true });
  attempts += 1;
  const mine = `${path}.${process.pid}.${attempts}`;
  writeFileSync(mine, `${pid}\n`);
  try {
    for (;;) {
      try {
        linkSync(mine, path); // unlike an exclusive create, this never shows a lock without its content
        return undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = lockHolder(path);
      if (holder !== undefined && isAlive(holder)) return { heldBy: holder };
      if (lockHolder(path) === holder) rmSync(path, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Passes the lock on to another process, such as the server for which it was taken. */
export function passLock(path: string, pid: number): void {
  writeFileSync(path, `${pid}\n`);
}

export function releaseLock(path: string): void {
  rmSync(path, { force: true });
}

/** Runs `work` while holding the lock; waits as long as a living process holds it, and says so once per holder. */
export async function withLock<T>(path: string, onWait: (pid: number) => void, work: () => Promise<T>): Promise<T> {
  let waitedFor: number | undefined;
  for (let taken = takeLock(path); taken !== undefined; taken = takeLock(path)) {
    if (taken.heldBy !== waitedFor) onWait(taken.heldBy);
    waitedFor = taken.heldBy;
    await delay(WAIT_INTERVAL_MS);
  }
  try {
    return await work();
  } finally {
    releaseLock(path);
  }
}

function lockHolder(path: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}
