/** The limits that a caller sets for what it calls, as one header: `orc-limits: depth=4,calls=50,usd=0.50`. */
import { Fault } from './fault.js';

/** Each narrows what would hold otherwise; 0 means zero, never unlimited. What is absent stays as it is. */
export interface CallLimits {
  /** Levels of calls, the called invocation itself included. */
  readonly depth?: number | undefined;
  /** Calls that the called invocation and all below it may make together. */
  readonly calls?: number | undefined;
  /** Calls that each of these invocations may make by itself. */
  readonly width?: number | undefined;
  /** How often a capability may be entered again below itself. */
  readonly reentry?: number | undefined;
  /** Time for all of it, from admission. */
  readonly wallMs?: number | undefined;
  /** Tokens of language models that all of it may spend together, as far as plugins report them. */
  readonly tokens?: number | undefined;
  /** Money that all of it may spend together, as far as plugins report it; at most 6 decimals. */
  readonly usd?: number | undefined;
}

const NAMES = {
  depth: 'depth',
  calls: 'calls',
  width: 'width',
  reentry: 'reentry',
  wallMs: 'wall-ms',
  tokens: 'tokens',
  usd: 'usd',
} as const satisfies Record<keyof CallLimits, string>;

const KEYS = Object.keys(NAMES) as (keyof CallLimits)[];
const BY_NAME = new Map(KEYS.map((key) => [NAMES[key] as string, key]));
const ALL_NAMES = Object.values(NAMES).join(', ');
const WHOLE = /^\d{1,12}$/;
const MONEY = /^\d{1,9}(\.\d{1,6})?$/;

/** @throws Fault `invalid-argument` naming what is wrong */
export function parseCallLimits(text: string): CallLimits {
  const limits: { -readonly [key in keyof CallLimits]: number } = {};
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(0, at)).trim();
    const key = BY_NAME.get(name);
    if (!key) throw malformed(part.trim(), `"${part.trim()}" is not <limit>=<number>, with one of ${ALL_NAMES}`);
    if (limits[key] !== undefined) throw malformed(name, `${name} stands there twice`);
    limits[key] = checked(key, part.slice(at + 1).trim());
  }
  return limits;
}

/** As `parseCallLimits` reads it; undefined when nothing is limited. @throws Fault `invalid-argument` on what is no limit */
export function formatCallLimits(limits: CallLimits): string | undefined {
  const parts = KEYS.flatMap((key) => {
    const value = limits[key];
    if (value === undefined) return [];
    const text = key === 'usd' ? value.toFixed(6) : String(value);
    checked(key, text);
    return [`${NAMES[key]}=${text}`];
  });
  return parts.length === 0 ? undefined : parts.join(',');
}

/** Reads one limit as it stands in the header, or in a setting. @throws Fault `invalid-argument` */
export function parseCallLimit(key: keyof CallLimits, text: string): number {
  return checked(key, text);
}

function checked(key: keyof CallLimits, text: string): number {
  if (!(key === 'usd' ? MONEY : WHOLE).test(text)) {
    const form = key === 'usd' ? 'an amount like 0.50, with at most 6 decimals' : 'a whole number of at most 12 digits';
    throw malformed(NAMES[key], `${NAMES[key]} must be ${form}, not "${text}"`);
  }
  return Number(text);
}

function malformed(limit: string, problem: string): Fault {
  return new Fault('invalid-argument', `The header orc-limits is malformed: ${problem}.`, {
    header: 'orc-limits',
    limit,
  });
}
