/**
 * Agents that work for an invocation: in its name, on its budget, until its end. Loaded with the first of them, so that a
 * plugin without agents stays as small as it was.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, loadPersonas, type Model, type ModelSpending, Personas, type PriceTable } from '@orchestrator/agent';
import type { Requester } from '@orchestrator/bus';
import type { Manifest } from '@orchestrator/manifest';
import { Fault } from '@orchestrator/protocol';
import type { InvocationContext } from '../invocation-context.js';
import type { AgentOptions } from './agent-options.js';
import { CapabilityTools } from './capability-tools.js';
import { modelFromEnvironment, pricesFromEnvironment } from './model-environment.js';

export class InvocationAgents {
  readonly #env: NodeJS.ProcessEnv;
  readonly #tools: CapabilityTools;
  readonly #personas = new Map<string, Promise<Personas>>();
  /** Models whose missing price was told. */
  readonly #unpriced = new Set<string>();
  #model: Model | undefined;
  #prices: Promise<PriceTable> | undefined;

  constructor(requester: Requester, { uses }: Manifest, env: NodeJS.ProcessEnv) {
    this.#env = env;
    this.#tools = new CapabilityTools(requester, new Map(uses.map(({ capability, range }) => [capability, range])));
  }

  /**
   * @param self the capability that the invocation is of
   * @throws Fault `unavailable` where no model is configured, and what reading personas, prices and the catalogue ends in
   */
  async open(invocation: InvocationContext, self: string, options: AgentOptions): Promise<Agent> {
    this.#model ??= modelFromEnvironment(this.#env);
    const { tools = [], personas, personaSettings = {}, ...rest } = options;
    const model = options.model ?? this.#env.ORC_MODEL;
    if (!model) {
      throw new Fault('unavailable', 'No model is chosen: set ORC_MODEL to the name of one, or name it in the code.');
    }
    const patterns = tools.filter((tool) => typeof tool === 'string');
    const own = tools.filter((tool) => typeof tool !== 'string');
    const call = (capability: string, args: object) => invocation.call(capability, args);
    return new Agent({
      ...rest,
      model,
      via: this.#model,
      tools: [...(await this.#tools.named(patterns, self, call)), ...own],
      personas: (await this.#personasIn(personas)).with(personaSettings),
      prices: options.prices ?? (await this.#pricesOnce()),
      budget: {
        check: () => invocation.spend({}),
        spend: (spending) => this.#spend(invocation, spending),
      },
      signal: invocation.signal,
      deadlineMs: invocation.deadline.getTime(),
    });
  }

  async #spend(invocation: InvocationContext, { model, tokens, usd }: ModelSpending): Promise<void> {
    if (usd === undefined && !this.#unpriced.has(model)) {
      this.#unpriced.add(model);
      invocation.logger.warn(
        `The price of ${model} is not known: its tokens are counted, what it costs is not. ORC_MODEL_PRICES names the file of prices.`,
      );
    }
    await invocation.spend({ tokens, ...(usd !== undefined && { usd }) });
  }

  #pricesOnce(): Promise<PriceTable> {
    this.#prices ??= pricesFromEnvironment(this.#env).catch((error: unknown) => {
      this.#prices = undefined;
      throw error;
    });
    return this.#prices;
  }

  async #personasIn(folder: string | URL | undefined): Promise<Personas> {
    if (folder === undefined) return new Personas();
    const path = folder instanceof URL ? fileURLToPath(folder) : resolve(folder);
    const reading = this.#personas.get(path) ?? loadPersonas(path);
    this.#personas.set(path, reading);
    try {
      return await reading;
    } catch (error) {
      this.#personas.delete(path);
      throw error;
    }
  }
}
