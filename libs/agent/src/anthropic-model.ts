/**
 * The Messages API of Anthropic, or of an endpoint that speaks it, by way of their SDK. The SDK sends and frames; waiting,
 * trying again, giving up and what errors mean are decided here, so that a stalled stream, a deadline and a cancellation
 * end a call in every state.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { Stream } from '@anthropic-ai/sdk/streaming';
import { Fault } from '@orchestrator/protocol';
import { anthropicRequest } from './anthropic-request.js';
import {
  addUsage,
  type Model,
  type ModelCallOptions,
  type ModelReply,
  type ModelRequest,
  NO_USAGE,
  type ReplyDelta,
} from './model.js';
import { brokenReplyFault, faultFromModelError, withoutKey } from './model-faults.js';
import { type ModelSlots, processSlots } from './model-slots.js';
import { ReplyAssembler } from './reply-assembler.js';

export interface AnthropicOptions {
  /** May be left out where `baseUrl` is given, for an endpoint that needs none. */
  readonly apiKey?: string | undefined;
  /** @default Anthropic's */
  readonly baseUrl?: string | undefined;
  /** Silence after which a stream has stalled, at most 300,000. @default 90,000 */
  readonly idleTimeoutMs?: number;
  /** How often a call is tried. @default 4 */
  readonly maxAttempts?: number;
  /** An endpoint that asks for a longer wait is not waited for. @default 60,000 */
  readonly maxRetryDelayMs?: number;
  /** What bounds the calls that are under way at once. @default 8 in the whole process, for all models */
  readonly slots?: ModelSlots;
}

const ANTHROPIC_URL = 'https://api.anthropic.com';
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 8_000;
/** The longest that a timer can wait. The SDK's own bounds the wait for headers only. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws Fault `unavailable` where there is neither key nor endpoint, `invalid-argument` where one of them is none */
export function createAnthropicModel(options: AnthropicOptions): Model {
  const apiKey = options.apiKey?.trim() || undefined;
  const baseUrl = options.baseUrl?.trim() || undefined;
  if (!apiKey && !baseUrl) {
    throw new Fault(
      'unavailable',
      'No model is configured: set ANTHROPIC_API_KEY to a key, or ANTHROPIC_BASE_URL to an endpoint that needs none.',
    );
  }
  if (apiKey && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new Fault('invalid-argument', 'The API key holds characters that no key has.');
  }
  if (baseUrl && !isHttpUrl(baseUrl)) {
    throw new Fault('invalid-argument', 'ANTHROPIC_BASE_URL must be an http or https URL without user and password.');
  }
  return new AnthropicModel({ ...options, apiKey, baseUrl });
}

function isHttpUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

class AnthropicModel implements Model {
  readonly #client: Anthropic;
  readonly #apiKey: string | undefined;
  readonly #idleTimeoutMs: number;
  readonly #maxAttempts: number;
  readonly #maxRetryDelayMs: number;
  readonly #slots: ModelSlots;

  constructor(options: AnthropicOptions) {
    this.#apiKey = options.apiKey;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 90_000;
    this.#maxAttempts = options.maxAttempts ?? 4;
    this.#maxRetryDelayMs = options.maxRetryDelayMs ?? 60_000;
    this.#slots = options.slots ?? processSlots;
    this.#client = new Anthropic({
      apiKey: options.apiKey ?? 'none', // given, so that the SDK looks for none on this machine
      authToken: null,
      baseURL: options.baseUrl ?? ANTHROPIC_URL,
      maxRetries: 0,
      timeout: MAX_TIMER_MS,
      logLevel: 'off',
      openTelemetry: false,
    });
  }

  async reply(request: ModelRequest, options: ModelCallOptions = {}): Promise<ModelReply> {
    const end = endOf(options);
    let usage = NO_USAGE;
    try {
      for (let attempt = 1; ; attempt++) {
        let hasTold = false;
        const tell = (delta: ReplyDelta) => {
          hasTold = true;
          try {
            options.onDelta?.(delta);
          } catch (error) {
            throw Fault.from(error, 'failed'); // the caller's own mistake, not one of the connection
          }
        };
        const assembler = new ReplyAssembler(options.onDelta && tell);
        try {
          await this.#slots.run(() => this.#attempt(request, assembler, end.signal), end.signal);
          const reply = assembler.reply();
          return { ...reply, usage: addUsage(usage, reply.usage) };
        } catch (error) {
          usage = addUsage(usage, assembler.usage);
          const fault = faultFromModelError(error, Date.now());
          const delayMs = end.signal.aborted || hasTold ? undefined : this.#retryDelayMs(fault, attempt);
          const isTooLate =
            delayMs !== undefined && Date.now() + delayMs >= (options.deadlineMs ?? Number.POSITIVE_INFINITY);
          if (delayMs === undefined || isTooLate) throw fault;
          await sleep(delayMs, undefined, { signal: end.signal });
        }
      }
    } catch (error) {
      const fault = end.signal.aborted ? (end.signal.reason as Fault) : Fault.from(error);
      throw withoutKey(usage === NO_USAGE ? fault : withUsage(fault, usage), this.#apiKey);
    } finally {
      end.clear();
    }
  }

  async #attempt(request: ModelRequest, assembler: ReplyAssembler, signal: AbortSignal): Promise<void> {
    const attempt = new AbortController();
    const abort = () => attempt.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const idle = setTimeout(() => attempt.abort(stalledFault(this.#idleTimeoutMs)), this.#idleTimeoutMs);
    let hasBegun = false;
    try {
      const sent = this.#client.messages.create(anthropicRequest(request), { signal: attempt.signal });
      const response = await sent.asResponse();
      hasBegun = true;
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
        throw brokenReplyFault('garbage', 'The model endpoint answered something that is no stream of events.');
      }
      for await (const { data } of Stream.rawEvents(response, attempt)) {
        idle.refresh();
        if (data) assembler.take(data);
        if (assembler.isDone) return;
      }
    } catch (error) {
      if (attempt.signal.aborted) throw attempt.signal.reason;
      throw hasBegun && !Fault.is(error) ? cutFault(error) : error;
    } finally {
      clearTimeout(idle);
      signal.removeEventListener('abort', abort);
      attempt.abort(); // whatever of it is still open
    }
  }

  /** Undefined where it is not to be tried again. */
  #retryDelayMs(fault: Fault, attempt: number): number | undefined {
    const mayHelp = (fault.code === 'exhausted' || fault.code === 'unavailable') && fault.details?.mayRetry !== false;
    if (!mayHelp || attempt >= this.#maxAttempts) return undefined;
    const asked = fault.details?.retryAfterMs;
    if (typeof asked === 'number') return asked <= this.#maxRetryDelayMs ? asked : undefined;
    return Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  }
}

/** Aborts, with a fault, when the caller or the deadline ends the call. */
function endOf({ signal, deadlineMs }: ModelCallOptions): { signal: AbortSignal; clear: () => void } {
  const end = new AbortController();
  const cancel = () =>
    end.abort(Fault.is(signal?.reason) ? signal.reason : new Fault('cancelled', 'The model call was cancelled.'));
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  const pass = () => end.abort(new Fault('deadline-exceeded', 'The deadline passed before the model had answered.'));
  const leftMs = deadlineMs === undefined ? undefined : deadlineMs - Date.now();
  if (leftMs !== undefined && leftMs <= 0) pass();
  const timer = leftMs === undefined ? undefined : setTimeout(pass, Math.min(Math.max(0, leftMs), MAX_TIMER_MS));
  return {
    signal: end.signal,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    },
  };
}

function stalledFault(idleTimeoutMs: number): Fault {
  return brokenReplyFault('stalled', `The model endpoint sent nothing for ${idleTimeoutMs} ms.`);
}

function cutFault(cause: unknown): Fault {
  return new Fault('unavailable', 'The connection broke in the middle of the reply.', { reason: 'cut' }, { cause });
}

function withUsage(fault: Fault, usage: ModelReply['usage']): Fault {
  return new Fault(fault.code, fault.message, { ...fault.details, usage }, { cause: fault });
}
