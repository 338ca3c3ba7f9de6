import { readFileSync } from 'node:fs';

/** What a process holds in memory, in millions of bytes. */
export function residentMb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1.024) / 1000; // it says kB, and means KiB
}
