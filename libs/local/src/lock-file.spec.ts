import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAlive, passLock, releaseLock, takeLock, withLock } from './lock-file.js';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(dir, 'a', 'it.lock');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

describe('takeLock', () => {
  it('tells who holds it, and is free again after the release', () => {
    expect(takeLock(path)).toBeUndefined();
    expect(takeLock(path)).toEqual({ heldBy: process.pid });
    releaseLock(path);
    expect(takeLock(path)).toBeUndefined();
    expect(readdirSync(join(dir, 'a'))).toEqual(['it.lock']);
  });

  it('takes over the lock of a dead process, and one without a process in it', () => {
    takeLock(path, deadPid());
    expect(takeLock(path)).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    writeFileSync(path, '');
    expect(takeLock(path)).toBeUndefined();
  });

  it('stands for the process that it was passed to', () => {
    takeLock(path);
    passLock(path, process.ppid);
    expect(takeLock(path)).toEqual({ heldBy: process.ppid });
  });
});

describe('withLock', () => {
  it('lets one at a time in and says for whom it waits', async () => {
    const order: string[] = [];
    const firstInside = Promise.withResolvers<void>();
    const secondWaits = Promise.withResolvers<void>();
    const first = withLock(
      path,
      () => {},
      async () => {
        order.push('first in');
        firstInside.resolve();
        await secondWaits.promise;
        order.push('first out');
      },
    );
    await firstInside.promise;
    const waitedFor: number[] = [];
    const onWait = (pid: number) => {
      waitedFor.push(pid);
      secondWaits.resolve();
    };
    await Promise.all([first, withLock(path, onWait, async () => void order.push('second in'))]);
    expect(order).toEqual(['first in', 'first out', 'second in']);
    expect(waitedFor).toEqual([process.pid]);
  });

  it('is released when the work fails', async () => {
    const failing = withLock(
      path,
      () => {},
      async () => {
        throw new Error('no');
      },
    );
    await expect(failing).rejects.toThrow('no');
    expect(takeLock(path)).toBeUndefined();
  });
});

describe('isAlive', () => {
  it('knows living and dead processes', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(deadPid())).toBe(false);
  });
});
