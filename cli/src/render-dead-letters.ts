/** Dead letters as text. Pure. */
import {
  type DeadLetter,
  type DeadLetterDetail,
  encodeDataRef,
  HEADERS,
  type InvocationRecord,
  type LateResult,
  parseDataRef,
} from '@orchestrator/protocol';
import { oneLine } from './one-line.js';
import type { Colours } from './terminal.js';
import { shortTime } from './time-option.js';

/** A line for each, in columns. */
export function renderLetters(letters: readonly DeadLetter[], colours: Colours): string {
  const names = Math.max(...letters.map((letter) => nameOf(letter).length));
  const callers = Math.max(...letters.map((letter) => oneLine(letter.caller).length));
  const lines = letters.map((letter) =>
    [
      oneLine(letter.invocation),
      colours.dim(shortTime(letter.atMs)),
      colours.bold(nameOf(letter).padEnd(names)),
      oneLine(letter.caller).padEnd(callers),
      faultLine(letter, colours),
    ].join('  '),
  );
  return lines.join('\n');
}

/** Plugins write letters: even a name may be no name. */
function nameOf({ plugin, capability }: DeadLetter): string {
  return oneLine(`${plugin}.${capability}`);
}

function faultLine({ fault }: DeadLetter, colours: Colours): string {
  return `${colours.red(fault.code)}: ${oneLine(fault.message)}`;
}

/** All that is known of one. */
export function renderLetter(letter: DeadLetterDetail, colours: Colours): string {
  const facts: [string, string][] = [
    ['invocation', letter.invocation],
    ['correlation', letter.correlation],
    ['caller', letter.caller],
    ['died', `${shortTime(letter.atMs)}, ended by ${letter.source}`],
    ...letter.records.map((record): [string, string] => ['history', historyLine(record)]),
    ...Object.entries(letter.headers)
      .filter(([header]) => !header.startsWith('orc-fault'))
      .map(([header, value]): [string, string] => ['header', `${header}: ${value}`]),
  ];
  const { details } = letter.fault;
  return [
    `${colours.bold(nameOf(letter))}  ${faultLine(letter, colours)}`,
    ...(details ? [colours.dim(lines(JSON.stringify(details, null, 2)))] : []),
    ...facts.map(([what, value]) => `${colours.dim(what.padEnd(12))}${oneLine(value)}`),
    '',
    bodyOf(letter, letter.headers[HEADERS.dataRef]),
    ...(letter.late ? ['', lateLine(letter.late, colours), bodyOf(letter.late, letter.late.at)] : []),
  ].join('\n');
}

function historyLine(record: InvocationRecord): string {
  const { state, atMs, invocation: _invocation, correlation: _correlation, ...rest } = record;
  const attempt = 'attempt' in rest ? ` attempt ${rest.attempt}` : '';
  const instance = 'instance' in rest && rest.instance ? ` on ${rest.instance}` : '';
  const fault = 'fault' in rest && rest.fault ? ` ${rest.fault.code}: ${rest.fault.message}` : '';
  return `${shortTime(atMs)} ${state}${attempt}${instance}${fault}`;
}

function lateLine({ attempt, instance, endedAtMs }: LateResult, colours: Colours): string {
  const where = instance ? ` on ${instance}` : '';
  return oneLine(
    `${colours.bold('It was done after all:')} attempt ${attempt}${where} ended at ${shortTime(endedAtMs)} with`,
  );
}

/** Arguments or result, as JSON where they are, and otherwise as text that steers no terminal. */
function bodyOf({ body, bytes }: Pick<DeadLetterDetail, 'body' | 'bytes'>, at: string | undefined): string {
  const dataRef = parseDataRef(at ?? '');
  if (dataRef) return `(${bytes} bytes in the object store: npx orchestrator objects get '${encodeDataRef(dataRef)}')`;
  if (body === undefined) return `(${bytes} bytes, too large to be shown)`;
  const text = Buffer.from(body, 'base64').toString();
  try {
    return lines(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    return text === '' ? '(no arguments are kept)' : lines(text);
  }
}

/** Text of several lines that steers no terminal. */
function lines(text: string): string {
  return text.split('\n').map(oneLine).join('\n');
}
