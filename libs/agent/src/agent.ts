/** An agent: a model, who it is to be, the tools that it has, and what all of it may cost. */
import { Fault } from '@orchestrator/protocol';
import type { JsonSchema } from './answer-tool.js';
import { type Answer, Conversation, type PromptOptions, type Speaker, type StructuredAnswer } from './conversation.js';
import {
  addUsage,
  type Message,
  type Model,
  type ModelReply,
  NO_USAGE,
  tokensOf,
  type Usage,
  usageOf,
} from './model.js';
import { type ModelSettings, type Persona, Personas } from './persona.js';
import { type PriceTable, usdOf } from './prices.js';
import type { Tool } from './tool.js';

/** What one model call took. */
export interface ModelSpending {
  readonly model: string;
  readonly tokens: number;
  /** Undefined where the model has no price. */
  readonly usd: number | undefined;
}

/** The budget that an agent lives on. */
export interface Budget {
  /** Asked before each model call. @throws Fault `budget-exhausted` when nothing is left */
  check(): Promise<void>;
  /** Told after each model call, also of one that failed and took tokens. */
  spend(spending: ModelSpending): Promise<void>;
}

export interface AgentOptions extends ModelSettings {
  readonly via: Model;
  /** The model that it asks, where neither persona nor prompt says another. */
  readonly model: string;
  /** The system prompt, where there is no persona. */
  readonly system?: string | undefined;
  readonly tools?: readonly Tool[];
  readonly personas?: Personas;
  /** @default none: all models are unpriced */
  readonly prices?: PriceTable;
  /** @default none: nothing is counted but in `spent` */
  readonly budget?: Budget;
  /** How many replies of the model one prompt may take. @default 16 */
  readonly maxTurns?: number;
  /** Ends every prompt that has none of its own. */
  readonly signal?: AbortSignal | undefined;
  /** Unix time; the same. */
  readonly deadlineMs?: number | undefined;
}

/** What an agent has used by now. */
export interface AgentSpending {
  readonly usage: Usage;
  /** Of the models that have a price. */
  readonly usd: number;
  /** Models whose tokens are counted and whose price is not known. */
  readonly unpricedModels: readonly string[];
}

const DEFAULT_MAX_TOKENS = 8_192;
const DEFAULT_MAX_TURNS = 16;

export class Agent {
  readonly #options: AgentOptions;
  readonly #personas: Personas;
  #usage = NO_USAGE;
  #usd = 0;
  readonly #unpriced = new Set<string>();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#personas = options.personas ?? new Personas();
  }

  get spent(): AgentSpending {
    return { usage: this.#usage, usd: this.#usd, unpricedModels: [...this.#unpriced] };
  }

  /** Has a prompt answered, in a conversation of its own. See `Conversation.send`. */
  complete(prompt: string, options?: PromptOptions): Promise<Answer> {
    return this.conversation().send(prompt, options);
  }

  /** The same, with an answer that fits a JSON Schema. See `Conversation.sendFor`. */
  completeFor<T = unknown>(prompt: string, schema: JsonSchema, options?: PromptOptions): Promise<StructuredAnswer<T>> {
    return this.conversation().sendFor<T>(prompt, schema, options);
  }

  /** Has a prompt answered by a persona, or one of that name. @throws Fault `not-found` with the nearest names */
  async completeWithPersona(persona: string | Persona, prompt: string, options?: PromptOptions): Promise<Answer> {
    return this.conversation(persona).send(prompt, options);
  }

  /** Begins a conversation, or goes on with one. @throws Fault `not-found` for a persona that is not there */
  conversation(persona?: string | Persona, messages?: readonly Message[]): Conversation {
    const who = typeof persona === 'string' ? this.#personas.get(persona) : persona;
    return new Conversation((options) => this.#speaker(who, options), messages);
  }

  #speaker(persona: Persona | undefined, prompt: PromptOptions): Speaker {
    const options = this.#options;
    const { tools = [], maxTurns = DEFAULT_MAX_TURNS } = options;
    const settings = {
      model: prompt.model ?? persona?.model ?? options.model,
      maxTokens: prompt.maxTokens ?? persona?.maxTokens ?? options.maxTokens ?? DEFAULT_MAX_TOKENS,
      temperature: prompt.temperature ?? persona?.temperature ?? options.temperature,
      thinking: prompt.thinking ?? persona?.thinking ?? options.thinking,
      system: persona?.prompt ?? options.system,
    };
    const call = {
      signal: prompt.signal ?? options.signal,
      deadlineMs: prompt.deadlineMs ?? options.deadlineMs,
      onDelta: prompt.onDelta,
    };
    return {
      ...{ tools, maxTurns, signal: call.signal },
      reply: (messages, offered) =>
        this.#counted(settings.model, () =>
          options.via.reply({ ...settings, messages, tools: offered.map(definitionOf) }, call),
        ),
    };
  }

  async #counted(model: string, ask: () => Promise<ModelReply>): Promise<ModelReply> {
    await this.#options.budget?.check();
    try {
      const reply = await ask();
      await this.#count(reply.usage, [model, reply.model]);
      return reply;
    } catch (error) {
      const lost = Fault.is(error) ? usageOf(error) : undefined;
      if (lost) await this.#count(lost, [model]);
      throw error;
    }
  }

  async #count(usage: Usage, names: readonly string[]): Promise<void> {
    const usd = usdOf(usage, names, this.#options.prices ?? {});
    const model = names[0] as string;
    this.#usage = addUsage(this.#usage, usage);
    this.#usd += usd ?? 0;
    if (usd === undefined) this.#unpriced.add(model);
    try {
      await this.#options.budget?.spend({ model, tokens: tokensOf(usage), usd });
    } catch (error) {
      // It is counted all the same, and the reply is paid for: the check before the next one refuses.
      if (!Fault.is(error) || error.code !== 'budget-exhausted') throw error;
    }
  }
}

function definitionOf({ name, description, inputSchema }: Tool) {
  return { name, description, inputSchema };
}
