/** What a scripted model answers, and how that looks on the wire: the events of Anthropic's Messages API. */

/** A request as it reached the endpoint. */
export interface ModelRequestSeen {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface ScriptedAnswer {
  readonly thinking?: string;
  /** Sent in pieces of some letters. */
  readonly text?: string;
  /** All of one reply: a model wants them made in parallel. */
  readonly toolUses?: readonly { readonly name: string; readonly input: object }[];
  /** @default `tool_use` where there are tool uses, else `end_turn` */
  readonly stopReason?: string;
  readonly usage?: Readonly<Record<string, number>>;
  /** Sends one event each so many milliseconds. @default all at once */
  readonly everyMs?: number;
  /**
   * What happens after the first piece of the answer: `stall` sends nothing more and keeps the connection, `cut` closes it,
   * `end` ends the answer as if it were whole, `garbage` sends an event that is not JSON, `overloaded` an `error` event.
   */
  readonly breaks?: 'stall' | 'cut' | 'end' | 'garbage' | 'overloaded';
}

export interface ScriptedError {
  readonly status: number;
  /** @default the one that belongs to the status */
  readonly type?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Instead of any HTTP answer: `silence` keeps the connection and says nothing, `hang-up` closes it, `html` is no API. */
type ScriptedMishap = 'silence' | 'hang-up' | 'html';

export type ScriptedReply = ScriptedAnswer | ScriptedError | ScriptedMishap;

export interface ServerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

const PIECE_CHARACTERS = 12;
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

export function errorBody({ status, type, message }: ScriptedError): object {
  const error = { type: type ?? ERROR_TYPES[status] ?? 'api_error', message: message ?? `scripted ${status}` };
  return { type: 'error', error };
}

/** @param serial makes the ids of the reply and its tool uses, so that a replay has the same ones */
export function eventsOf(answer: ScriptedAnswer, model: string, serial: number): ServerEvent[] {
  const { thinking, text, toolUses = [] } = answer;
  const usage = { input_tokens: 10, output_tokens: 5, ...answer.usage };
  const message = { id: `msg_${serial}`, type: 'message', role: 'assistant', model, content: [], stop_reason: null };
  const blocks = [
    ...(thinking === undefined ? [] : [thinkingBlock(thinking)]),
    ...(text === undefined ? [] : [textBlock(text)]),
    ...toolUses.map(({ name, input }, at) => toolUseBlock(`toolu_${serial}_${at}`, name, input)),
  ];
  return [
    { type: 'message_start', message: { ...message, usage: { ...usage, output_tokens: 1 } } },
    ...blocks.flatMap(({ start, deltas }, index) => [
      { type: 'content_block_start', index, content_block: start },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: answer.stopReason ?? (toolUses.length > 0 ? 'tool_use' : 'end_turn'), stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: 'message_stop' },
  ];
}

function thinkingBlock(thinking: string) {
  const deltas = pieces(thinking).map((piece) => ({ type: 'thinking_delta', thinking: piece }));
  const signature = { type: 'signature_delta', signature: `signed ${thinking.length}` };
  return { start: { type: 'thinking', thinking: '', signature: '' }, deltas: [...deltas, signature] };
}

function textBlock(text: string) {
  const deltas = pieces(text).map((piece) => ({ type: 'text_delta', text: piece }));
  return { start: { type: 'text', text: '' }, deltas };
}

function toolUseBlock(id: string, name: string, input: object) {
  const deltas = pieces(JSON.stringify(input)).map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
  return { start: { type: 'tool_use', id, name, input: {} }, deltas };
}

function pieces(text: string): string[] {
  return Array.from({ length: Math.ceil(text.length / PIECE_CHARACTERS) }, (_, at) =>
    text.slice(at * PIECE_CHARACTERS, (at + 1) * PIECE_CHARACTERS),
  );
}
