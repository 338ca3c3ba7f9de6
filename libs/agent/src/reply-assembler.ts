/** Puts a reply together from the events of a stream. Takes nothing on trust: what does not fit is garbage, and said so. */
import type { Fault } from '@orchestrator/protocol';
import {
  type AssistantBlock,
  type ModelReply,
  NO_USAGE,
  type ReplyDelta,
  type StopReason,
  type Usage,
} from './model.js';
import { brokenReplyFault, faultFromErrorEvent } from './model-faults.js';

const STOP_REASONS: ReadonlyMap<string, StopReason> = new Map([
  ['end_turn', 'end'],
  ['tool_use', 'tool-use'],
  ['max_tokens', 'max-tokens'],
  ['stop_sequence', 'stop-sequence'],
  ['refusal', 'refusal'],
  ['model_context_window_exceeded', 'context-full'],
  ['pause_turn', 'pause'],
]);

/** Of all events of one reply: several times what the longest one takes. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

type Fields = Readonly<Record<string, unknown>>;

interface OpenBlock {
  readonly type: string;
  readonly start: Fields;
  /** Text, thinking, or the JSON of a tool's input. */
  text: string;
  signature: string;
}

export class ReplyAssembler {
  readonly #onDelta: ((delta: ReplyDelta) => void) | undefined;
  readonly #blocks: OpenBlock[] = [];
  #model = '';
  #usage = NO_USAGE;
  #stopReason: StopReason | undefined;
  #characters = 0;
  /** The last event has come. */
  isDone = false;

  constructor(onDelta?: (delta: ReplyDelta) => void) {
    this.#onDelta = onDelta;
  }

  /** As far as it is known by now. */
  get usage(): Usage {
    return this.#usage;
  }

  /** @throws Fault for an error that the endpoint sent, or for garbage */
  take(data: string): void {
    this.#characters += data.length;
    if (this.#characters > MAX_CHARACTERS) throw garbage(`more than ${MAX_CHARACTERS} characters`);
    const event = parse(data);
    switch (event.type) {
      case 'message_start':
        this.#start(fields(event.message));
        break;
      case 'content_block_start':
        this.#open(event.index, fields(event.content_block));
        break;
      case 'content_block_delta':
        this.#extend(this.#blockAt(event.index), fields(event.delta));
        break;
      case 'message_delta':
        this.#finish(fields(event.delta), event.usage);
        break;
      case 'message_stop':
        this.isDone = true;
        break;
      case 'error': {
        const { type, message } = fields(event.error);
        throw faultFromErrorEvent(text(type), text(message));
      }
      default: // ping, content_block_stop, and what may be added to the protocol
    }
  }

  /** @throws Fault when the stream was cut */
  reply(): ModelReply {
    if (!this.isDone || !this.#stopReason) throw brokenReplyFault('cut', 'The reply of the model ended in the middle.');
    const isCutShort = this.#stopReason === 'max-tokens';
    const content = this.#blocks.flatMap((block) => blockFrom(block, isCutShort));
    return { model: this.#model, content, stopReason: this.#stopReason, usage: this.#usage };
  }

  #start({ model, usage }: Fields): void {
    this.#model = text(model);
    this.#usage = usageFrom(fields(usage), NO_USAGE);
  }

  #open(index: unknown, start: Fields): void {
    if (index !== this.#blocks.length) throw garbage('a block out of turn');
    const type = text(start.type);
    this.#blocks.push({ type, start, text: '', signature: '' });
    if (type === 'tool_use') this.#onDelta?.({ type: 'tool-use', id: text(start.id), name: text(start.name) });
    if (type === 'text' && start.text) this.#append(this.#blocks.at(-1) as OpenBlock, text(start.text), 'text');
  }

  #extend(block: OpenBlock, delta: Fields): void {
    if (delta.type === 'text_delta' && block.type === 'text') this.#append(block, text(delta.text), 'text');
    else if (delta.type === 'thinking_delta' && block.type === 'thinking') {
      this.#append(block, text(delta.thinking), 'thinking');
    } else if (delta.type === 'input_json_delta' && block.type === 'tool_use') {
      this.#append(block, text(delta.partial_json), undefined);
    } else if (delta.type === 'signature_delta' && block.type === 'thinking') block.signature = text(delta.signature);
    else if (delta.type !== 'citations_delta')
      throw garbage(`a ${text(delta.type).slice(0, 50)} in a ${block.type.slice(0, 50)}`);
  }

  #append(block: OpenBlock, piece: string, type: 'text' | 'thinking' | undefined): void {
    block.text += piece;
    if (type && piece) this.#onDelta?.({ type, text: piece });
  }

  #finish({ stop_reason }: Fields, usage: unknown): void {
    if (typeof stop_reason === 'string') {
      this.#stopReason = STOP_REASONS.get(stop_reason);
      if (!this.#stopReason) throw garbage(`the unknown stop reason ${stop_reason.slice(0, 50)}`);
    }
    if (usage !== undefined) this.#usage = usageFrom(fields(usage), this.#usage);
  }

  #blockAt(index: unknown): OpenBlock {
    const block = typeof index === 'number' ? this.#blocks[index] : undefined;
    if (!block) throw garbage('a piece of a block that has not begun');
    return block;
  }
}

/** None, of a tool use that the model could not finish. */
function blockFrom({ type, start, text: written, signature }: OpenBlock, isCutShort: boolean): AssistantBlock[] {
  switch (type) {
    case 'text':
      return written === '' ? [] : [{ type: 'text', text: written }];
    case 'thinking':
      return [{ type: 'thinking', thinking: written, signature: signature || text(start.signature ?? '') }];
    case 'redacted_thinking':
      return [{ type: 'redacted-thinking', data: text(start.data) }];
    case 'tool_use': {
      const input = written === '' ? start.input : tryParse(written);
      if (input === undefined && isCutShort) return [];
      return [{ type: 'tool-use', id: text(start.id), name: text(start.name), input: fields(input) }];
    }
    default:
      throw garbage(`a block of the type ${type.slice(0, 50)}, which was not asked for`);
  }
}

/** What an event does not mention stays as it was. */
function usageFrom(usage: Fields, before: Usage): Usage {
  return {
    inputTokens: count(usage.input_tokens, before.inputTokens),
    cacheReadTokens: count(usage.cache_read_input_tokens, before.cacheReadTokens),
    cacheWriteTokens: count(usage.cache_creation_input_tokens, before.cacheWriteTokens),
    outputTokens: count(usage.output_tokens, before.outputTokens),
  };
}

function parse(data: string): Fields {
  const value = tryParse(data);
  if (value === undefined) throw garbage('an event that is not JSON');
  return fields(value);
}

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw garbage('no object where one belongs');
  return value as Fields;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw garbage('no text where some belongs');
  return value;
}

function count(value: unknown, before: number): number {
  if (value === undefined || value === null) return before;
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw garbage('a count of tokens that is none');
  return value as number;
}

function garbage(what: string): Fault {
  return brokenReplyFault('garbage', `The reply of the model cannot be read: ${what}.`);
}
