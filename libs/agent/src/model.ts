/** What an agent asks of a language model, whoever makes it: plain data in, plain data out. */
import type { Fault } from '@orchestrator/protocol';

export interface TextBlock {
  readonly type: 'text';
  readonly text: string;
}

/** What a model thought before it answered: goes back to it unaltered, with the tools' results. */
interface ThinkingBlock {
  readonly type: 'thinking';
  readonly thinking: string;
  readonly signature: string;
}

/** The same, readable by the model alone. */
interface RedactedThinkingBlock {
  readonly type: 'redacted-thinking';
  readonly data: string;
}

interface ToolUseBlock {
  readonly type: 'tool-use';
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface ToolResultBlock {
  readonly type: 'tool-result';
  /** The `id` of the tool use. */
  readonly id: string;
  readonly content: string;
  readonly isError: boolean;
}

export type AssistantBlock = TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock;

export type Message =
  | { readonly role: 'user'; readonly content: readonly (TextBlock | ToolResultBlock)[] }
  | { readonly role: 'assistant'; readonly content: readonly AssistantBlock[] };

export interface ToolDefinition {
  /** 1 to 128 letters, digits, `_` and `-`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** `adaptive` leaves to the model how much it thinks; a number of tokens, from 1,024, is for models that want one. */
export type Thinking = 'adaptive' | { readonly maxTokens: number };

export interface ModelRequest {
  readonly model: string;
  readonly maxTokens: number;
  readonly messages: readonly Message[];
  readonly system?: string | undefined;
  readonly tools?: readonly ToolDefinition[] | undefined;
  /** 0 to 1. Not every model takes one. @default the model's own */
  readonly temperature?: number | undefined;
  /** Not every model can. @default the model's own */
  readonly thinking?: Thinking | undefined;
  /** Has the endpoint keep what the next request will begin with. @default true */
  readonly cache?: boolean | undefined;
}

/** Why a model stopped: `end` and `tool-use` are the good ends. */
export type StopReason = 'end' | 'tool-use' | 'max-tokens' | 'stop-sequence' | 'refusal' | 'context-full' | 'pause';

/** In tokens. The three kinds of input exclude each other. */
export interface Usage {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
}

export interface ModelReply {
  /** The model that answered, which may be named more exactly than the one that was asked for. */
  readonly model: string;
  readonly content: readonly AssistantBlock[];
  readonly stopReason: StopReason;
  /** All that was used for it, by attempts that came to nothing, too. */
  readonly usage: Usage;
}

/** A piece of a reply, as it comes. */
export type ReplyDelta =
  | { readonly type: 'text' | 'thinking'; readonly text: string }
  | { readonly type: 'tool-use'; readonly id: string; readonly name: string };

export interface ModelCallOptions {
  /** Aborts the call, which then ends in the reason, where that is a fault, or in `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Unix time: no attempt goes on beyond it, and none is waited for that would begin later. */
  readonly deadlineMs?: number | undefined;
  /** Told each piece as it comes. Once it was told one, the call is not tried again. */
  readonly onDelta?: ((delta: ReplyDelta) => void) | undefined;
}

/** The port. */
export interface Model {
  /**
   * Asks for one reply.
   * @throws Fault with `details.usage`, where tokens were used all the same
   */
  reply(request: ModelRequest, options?: ModelCallOptions): Promise<ModelReply>;
}

export const NO_USAGE: Usage = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
  };
}
export function tokensOf(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens;
}

/** What a call that ended in a fault had used. */
export function usageOf(fault: Fault): Usage | undefined {
  const usage = fault.details?.usage;
  return typeof usage === 'object' && usage !== null && 'outputTokens' in usage ? (usage as Usage) : undefined;
}
