/**
 * One conversation with a model: what was said stays said, and tools are called until the model has its answer.
 * A turn that fails leaves no trace in it, so that it can be gone on with.
 */
import { Fault } from '@orchestrator/protocol';
import { ANSWER_TOOL, AnswerTool, type JsonSchema } from './answer-tool.js';
import {
  type AssistantBlock,
  addUsage,
  type Message,
  type ModelCallOptions,
  type ModelReply,
  NO_USAGE,
  type StopReason,
  type Usage,
} from './model.js';
import type { ModelSettings } from './persona.js';
import { callTools, type Tool } from './tool.js';

export interface Answer {
  /** What the model wrote in its last reply. */
  readonly text: string;
  /** `end`, unless it was cut short: `max-tokens`, or `stop-sequence`. */
  readonly stopReason: StopReason;
  /** Of all replies that it took. */
  readonly usage: Usage;
  /** How many replies it took. */
  readonly turns: number;
}

export interface StructuredAnswer<T> extends Answer {
  /** It fits the schema. */
  readonly value: T;
}

/** What the conversations of an agent share. */
export interface Speaker {
  readonly tools: readonly Tool[];
  readonly maxTurns: number;
  /** Ends the prompt. */
  readonly signal: AbortSignal | undefined;
  /** Asks for one reply, when there is budget for it, and counts what it took. */
  reply(messages: readonly Message[], tools: readonly Tool[]): Promise<ModelReply>;
}

/** Asked for, not forced: an endpoint refuses to force a model that thinks, which some always do. */
const USE_ANSWER_TOOL = `Give your answer by calling the tool ${ANSWER_TOOL}.`;

export type PromptOptions = ModelSettings & ModelCallOptions;

export class Conversation {
  readonly #speaking: (options: PromptOptions) => Speaker;
  #messages: readonly Message[];
  #isWaiting = false;

  constructor(speaking: (options: PromptOptions) => Speaker, messages: readonly Message[] = []) {
    this.#speaking = speaking;
    this.#messages = messages;
  }

  /** All that was said: plain data, with which another conversation can go on. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** @throws Fault what the model call ended in; `budget-exhausted`; `permission-denied` when the model refuses */
  send(prompt: string, options: PromptOptions = {}): Promise<Answer> {
    return this.#exclusively(() => this.#converse(prompt, options, undefined));
  }

  /**
   * Asks for an answer that fits a JSON Schema. A model whose answer does not fit is told so once.
   * @throws Fault as `send`; `failed` with `details.problems` when the second answer does not fit either
   */
  async sendFor<T = unknown>(
    prompt: string,
    schema: JsonSchema,
    options: PromptOptions = {},
  ): Promise<StructuredAnswer<T>> {
    const asked = new AnswerTool(schema);
    const answer = await this.#exclusively(() => this.#converse(prompt, options, asked));
    return { ...answer, value: asked.answer?.value as T };
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isWaiting) throw new Fault('invalid-argument', 'The conversation still waits for an answer.');
    this.#isWaiting = true;
    const before = this.#messages;
    try {
      return await work();
    } catch (error) {
      this.#messages = before;
      throw error;
    } finally {
      this.#isWaiting = false;
    }
  }

  async #converse(prompt: string, options: PromptOptions, asked: AnswerTool | undefined): Promise<Answer> {
    const speaker = this.#speaking(options);
    if (asked && speaker.tools.some(({ name }) => name === ANSWER_TOOL)) {
      throw new Fault('invalid-argument', `No tool may be called ${ANSWER_TOOL}: the model answers with it.`);
    }
    const tools = asked ? [...speaker.tools, asked] : speaker.tools;
    let usage = NO_USAGE;
    let repairs = 0;
    this.#say(...(asked ? [prompt, USE_ANSWER_TOOL] : [prompt]));
    for (let turns = 1; turns <= speaker.maxTurns; turns++) {
      speaker.signal?.throwIfAborted();
      const reply = await speaker.reply(this.#messages, tools);
      usage = addUsage(usage, reply.usage);
      this.#hear(reply);
      if (reply.stopReason === 'pause') continue;
      const uses = reply.content.filter((block) => block.type === 'tool-use');
      const answer = { text: textOf(reply.content), stopReason: reply.stopReason, usage, turns };
      if (reply.stopReason !== 'tool-use' || uses.length === 0) {
        if (!asked) return answer;
        if (reply.stopReason !== 'end' || repairs++ > 0) throw unstructuredFault(asked, reply.stopReason);
        this.#say(USE_ANSWER_TOOL);
        continue;
      }
      const results = await callTools(uses, tools, speaker.signal);
      this.#messages = [...this.#messages, { role: 'user', content: results }];
      if (asked?.answer) return answer;
      if (uses.some(({ name }) => name === ANSWER_TOOL) && asked && repairs++ > 0) {
        throw unstructuredFault(asked, reply.stopReason);
      }
    }
    throw new Fault('budget-exhausted', `The agent had no answer after ${speaker.maxTurns} replies of the model.`, {
      budget: 'turns',
      limit: speaker.maxTurns,
    });
  }

  #say(...texts: readonly string[]): void {
    const content = texts.map((text) => ({ type: 'text', text }) as const);
    this.#messages = [...this.#messages, { role: 'user', content }];
  }

  /** A tool use that nobody answers would have the endpoint refuse all that comes after it. @throws Fault for a refusal */
  #hear({ content, stopReason }: ModelReply): void {
    if (stopReason === 'refusal') {
      throw new Fault('permission-denied', 'The model refuses to answer this.', { reason: 'refusal' });
    }
    if (stopReason === 'context-full') {
      throw new Fault('invalid-argument', 'The conversation is longer than the model can read.', {
        reason: 'context-full',
      });
    }
    const kept = stopReason === 'tool-use' ? content : content.filter((block) => block.type !== 'tool-use');
    if (kept.length > 0) this.#messages = [...this.#messages, { role: 'assistant', content: kept }];
  }
}

function textOf(content: readonly AssistantBlock[]): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
}

function unstructuredFault({ problems }: AnswerTool, stopReason: StopReason): Fault {
  if (stopReason === 'max-tokens') {
    return new Fault('failed', 'The answer is longer than the limit of tokens.', { reason: 'max-tokens' });
  }
  const what = problems
    ? `The answer does not fit the schema: ${problems.join('; ')}.`
    : 'The model gave no answer by the schema.';
  return new Fault('failed', what, { reason: 'schema', problems: problems ?? [] });
}
