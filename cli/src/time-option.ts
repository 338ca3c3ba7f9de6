import { UsageError } from './failure.js';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as people give it: how long ago (`30m`, `2h`, `7d`), or RFC 3339. Unix milliseconds. @throws UsageError */
export function parseTimeOption(option: string, text: string, nowMs: number): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`${option} takes how long ago, like 30m, 2h or 7d, or a time, like 2030-01-31T12:00:00Z.`);
  return time;
}

/** As it stands in lists: the local time, to the second. */
export function shortTime(timeMs: number): string {
  const date = new Date(timeMs - new Date(timeMs).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
