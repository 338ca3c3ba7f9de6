/**
 * Messages that are wrong in some way, drawn from a seed: subject, headers, body or context, and now and then nothing at
 * all. Pure. What a message is says what may come of it.
 */
import { HEADERS, LIMITS } from '@orchestrator/protocol';
import { Seeded } from './seeded.js';

/** Who sends it: a caller, the plugin `probe`, or what only a choreographer may send to a host. */
export type Sender = 'caller' | 'probe' | 'choreographer';

export interface Malformed {
  readonly sender: Sender;
  readonly subject: string;
  readonly headers: Buffer | undefined;
  readonly body: Buffer;
  /** Somebody has to answer, whatever is wrong with it. */
  readonly mustBeAnswered: boolean;
  /** Its context is none that a choreographer has made: it must not succeed. */
  readonly isForged: boolean;
}

/** Things that a run needs which only the running system has. */
export interface Genuine {
  /** A context token of an invocation of `probe.token`. */
  readonly token: string;
}

const CAPABILITIES = [
  ...['echo', 'guarded', 'intercepted', 'piped', 'filtered', 'fail', 'refuse', 'throw-nothing', 'misanswer'],
  ...['unwritable', 'stream', 'token', 'call', 'relay', 'step-1', 'step-2', 'self', 'no-such-thing'],
];
const NASTY = [
  '',
  '\0',
  '\x7f',
  '\ufeff',
  '\ud800',
  'é😀',
  '..',
  '*',
  '>',
  '%s',
  '__proto__',
  '-1',
  '1e999',
  'null',
  '{}',
  ' ',
];
const QUESTIONS = ['tree', 'find', 'runs', 'run-changes', 'dead-letters', 'dead-letter', 'redrive', 'discard'];

/** Letters, digits and what else may stand in a protocol line without ending a token. */
function token(random: Seeded): string {
  const length = random.weighted({ one: 3, some: 6, long: 1 });
  const count = { one: 1, some: random.int(2, 20), long: random.int(60, 300) }[length];
  const alphabet = random.pick(['abcxyz019-', 'abc-_XYZ', '*>$_{}|"\'\\', 'äöü€😀', '\u0001\u0007\u001b\u007f']);
  return Array.from({ length: count }, () => random.pick([...alphabet])).join('');
}

function text(random: Seeded, longest = 300): string {
  if (random.chance(0.4)) return random.pick(NASTY);
  return Array.from({ length: random.int(0, longest) }, () => String.fromCharCode(random.int(32, 126))).join('');
}

function bytes(random: Seeded, longest: number): Buffer {
  return Buffer.from(Array.from({ length: random.int(0, longest) }, () => random.int(0, 255)));
}

/** Changes a text a little: cuts, doubles, replaces, inserts. */
function mutate(random: Seeded, original: string): string {
  const at = random.int(0, Math.max(0, original.length - 1));
  const [before, after] = [original.slice(0, at), original.slice(at)];
  const to = random.pick([...'0aZ|.-{"\\,:9é']);
  const way = random.weighted({ cut: 1, double: 1, replace: 3, insert: 2, drop: 2 });
  if (way === 'cut') return before;
  if (way === 'double') return original + original;
  if (way === 'replace') return before + to + after.slice(1);
  return way === 'insert' ? before + to + after : before + after.slice(1);
}

const VALID_BODIES = [
  ...['{"text":"hi"}', '{"text":"please"}', '{"text":"NOW"}', '{}', '{"rest":[]}', '{"rest":["probe.step-1"]}'],
  ...['{"name":"fuzz","chunks":2}', '{"acknowledged":1,"from":1,"batch":9}', '{"left":true}'],
  ...['{"capability":"probe.echo","argsJson":"{\\"text\\":\\"x\\"}"}', '{"capability":"..","argsJson":"{"}'],
];

function value(random: Seeded, depth: number): unknown {
  const kind = random.weighted({ text: 3, number: 2, nothing: 1, list: depth, object: depth });
  if (kind === 'text') return text(random, 40);
  if (kind === 'number') return random.pick([0, -0, 1, -1, 1e308, 2 ** 53, 0.1, random.int(-1e9, 1e9)]);
  if (kind === 'nothing') return random.pick([null, true, false]);
  const items = Array.from({ length: random.int(0, 4) }, () => value(random, depth - 1));
  if (kind === 'list') return items;
  return Object.fromEntries(
    items.map((item) => [random.pick(['text', 'times', 'rest', '__proto__', 'constructor']), item]),
  );
}

function body(random: Seeded): Buffer {
  const kind = random.weighted({ valid: 200, mutated: 300, bytes: 200, json: 250, empty: 20, nested: 10, large: 1 });
  switch (kind) {
    case 'valid':
      return Buffer.from(random.pick(VALID_BODIES));
    case 'mutated':
      return Buffer.from(mutate(random, random.pick(VALID_BODIES)));
    case 'bytes':
      return bytes(random, 200);
    case 'json':
      return Buffer.from(JSON.stringify(value(random, 3)));
    case 'empty':
      return Buffer.alloc(0);
    case 'nested':
      return Buffer.from(random.pick(['[', '{"text":']).repeat(random.int(1, 20_000)));
    case 'large':
      return Buffer.from(JSON.stringify({ text: 'x'.repeat(LIMITS.inlineBytes + random.int(-20, 1_000)) }));
  }
}

/** A value for a header that a caller may set: good, nearly good, or nonsense. */
function headerValue(random: Seeded, name: string): string {
  const good: Record<string, string> = {
    [HEADERS.id]: `key-${random.int(0, 1_000_000)}`,
    [HEADERS.specVersion]: '1.0',
    [HEADERS.correlationId]: '0123456789abcdef0123456789abcdef',
    [HEADERS.expiryTime]: '2099-01-31T12:00:00Z',
    [HEADERS.version]: '^1.0.0',
    [HEADERS.dataRef]: `/objects/there-is-no-such-object?size=20&sha256=${'a'.repeat(64)}`,
    [HEADERS.stream]: `fuzz-${random.int(1e11, 1e12)}`,
    [HEADERS.traceparent]: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
  };
  const kind = random.weighted({ good: 4, mutated: 4, nonsense: 3 });
  if (kind === 'nonsense') return text(random);
  return kind === 'good' ? (good[name] ?? '') : mutate(random, good[name] ?? 'x');
}

const NAMES = [
  ...[HEADERS.id, HEADERS.specVersion, HEADERS.correlationId, HEADERS.expiryTime, HEADERS.version, HEADERS.traceparent],
  ...[HEADERS.dataRef, HEADERS.stream],
  ...['Nats-Msg-Id', 'Nats-Expected-Stream', HEADERS.fault, HEADERS.receipt, 'X-Other'],
];

/** A header block: well formed but for its values, or broken as a block. */
function headerBlock(random: Seeded, context: string | undefined): Buffer | undefined {
  const lines = Array.from({ length: random.int(0, 3) }, () => {
    const name = random.pick(NAMES);
    return `${name}: ${headerValue(random, name)}`;
  });
  if (context !== undefined) lines.push(`${HEADERS.context}: ${context}`);
  if (lines.length === 0 && random.chance(0.7)) return undefined;
  const block = `NATS/1.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  if (context !== undefined || random.chance(0.8)) return Buffer.from(block);
  return random.chance(0.5) ? Buffer.from(mutate(random, block)) : bytes(random, 80);
}

/** Never the token itself, and never one that is empty or differs in white space only. */
function forgedToken(random: Seeded, genuine: string): string {
  const kind = random.weighted({ mutated: 6, field: 4, nonsense: 2, long: 1 });
  const fields = genuine.split('|');
  let forged = mutate(random, genuine);
  if (kind === 'field') {
    fields[random.int(0, fields.length - 1)] = random.pick([...NASTY, '0', '99999999999999', 'probe', 'editor']);
    forged = fields.join('|');
  } else if (kind === 'nonsense') forged = text(random);
  else if (kind === 'long') forged = 'x'.repeat(LIMITS.contextBytes + random.int(-2, 100));
  forged = forged.replaceAll(/[\r\n]/g, '').trim();
  return forged === '' || forged === genuine ? `x${genuine}` : forged;
}

function capability(random: Seeded): string {
  return random.chance(0.9) ? random.pick(CAPABILITIES) : token(random);
}

function call(random: Seeded, kind: 'call' | 'request'): Malformed {
  const names = [random.chance(0.9) ? 'fuzz' : token(random), random.chance(0.9) ? 'probe' : token(random)];
  const subject = `orc.v1.${kind}.${names.join('.')}.${capability(random)}`;
  const isWellFormed = !subject.includes('..') && !subject.endsWith('.');
  const rest = { headers: headerBlock(random, undefined), body: body(random), isForged: false };
  return { sender: 'caller', subject, mustBeAnswered: kind === 'call' && isWellFormed, ...rest };
}

function forged(random: Seeded, { token: genuine }: Genuine): Malformed {
  const sender = random.pick(['caller', 'probe'] as const);
  const subject = `orc.v1.call.${sender === 'probe' ? 'probe' : 'fuzz'}.probe.${random.pick(['echo', 'token', 'step-1'])}`;
  const headers = headerBlock(random, forgedToken(random, genuine));
  return { sender, subject, headers, body: body(random), mustBeAnswered: true, isForged: true };
}

function exec(random: Seeded, { token: genuine }: Genuine): Malformed {
  const subject = `orc.v1.exec.probe.1_0_0.${capability(random)}`;
  const headers = headerBlock(random, random.chance(0.9) ? forgedToken(random, genuine) : undefined);
  return { sender: 'choreographer', subject, headers, body: body(random), mustBeAnswered: false, isForged: false };
}

/** What plugins tell the services. */
function told(random: Seeded): Malformed {
  const subject = random.pick([
    'orc.v1.report.probe',
    'orc.v1.announce.probe',
    `orc.v1.beat.probe.${token(random)}.${token(random)}`,
    `orc.v1.beat.probe.9_9_${random.int(0, 9)}.${random.int(0, 99)}`,
  ]);
  const rest = { headers: headerBlock(random, undefined), mustBeAnswered: false, isForged: false };
  return { sender: 'probe', subject, body: body(random), ...rest };
}

function question(random: Seeded): Malformed {
  const subject = random.chance(0.9)
    ? `orc.v1.query.choreographer.${random.pick(QUESTIONS)}`
    : `orc.v1.query.${token(random)}.${token(random)}`;
  const rest = { headers: headerBlock(random, undefined), mustBeAnswered: false, isForged: false };
  return { sender: 'caller', subject, body: body(random), ...rest };
}

/** What readers of streamed output say, to hosts and choreographers. */
function read(random: Seeded): Malformed {
  const invocation = random.chance(0.5) ? '1dea1cc8-709e-82ed-8df8-8697cae580e0' : token(random);
  const subject = `orc.v1.read.${random.chance(0.9) ? 'fuzz' : token(random)}.probe.${invocation}`;
  const rest = { headers: headerBlock(random, undefined), mustBeAnswered: false, isForged: false };
  return { sender: 'caller', subject, body: body(random), ...rest };
}

/** The message of that number. */
export function malformedOf(seed: number, n: number, genuine: Genuine): Malformed {
  const random = Seeded.of(seed, 'message', n);
  const kind = random.weighted({ call: 60, forged: 15, exec: 10, told: 5, question: 4, read: 4, request: 6 });
  if (kind === 'forged') return forged(random, genuine);
  if (kind === 'exec') return exec(random, genuine);
  if (kind === 'told') return told(random);
  if (kind === 'question') return question(random);
  if (kind === 'read') return read(random);
  return call(random, kind);
}
