/** Capabilities as tools: what they take is known from the catalogue, and a tool call is a nested call like any other. */
import type { Tool } from '@orchestrator/agent';
import { type Requester, readPlugins } from '@orchestrator/bus';
import { Catalogue, type Manifest } from '@orchestrator/manifest';
import { type CapabilityRef, Fault, formatCapabilityRef, isName } from '@orchestrator/protocol';

const FRESH_MS = 10_000;
/** One for each set of plugins that agents are given tools of. */
const MAX_READINGS = 64;

interface Reading {
  readonly atMs: number;
  readonly catalogue: Promise<Installed>;
}

interface Installed {
  readonly manifests: readonly Manifest[];
  readonly catalogue: Catalogue;
  readonly live: ReadonlySet<string>;
}

/** How a capability is called: as `InvocationContext.call`. */
export type CallCapability = (capability: string, args: object) => Promise<unknown>;

export class CapabilityTools {
  readonly #requester: Requester;
  readonly #uses: ReadonlyMap<string, string>;
  readonly #freshMs: number;
  readonly #readings = new Map<string, Reading>();

  /**
   * @param uses the range that is accepted of a capability
   * @param freshMs how long a reading of the catalogue is used
   */
  constructor(requester: Requester, uses: ReadonlyMap<string, string>, freshMs = FRESH_MS) {
    this.#requester = requester;
    this.#uses = uses;
    this.#freshMs = freshMs;
  }

  /**
   * A tool for each installed capability that one of the patterns names, in the order of their names.
   * @param self the capability that has the agent, which could only call itself in a circle
   * @throws Fault `invalid-argument` for a pattern that is none, `not-found` for one that names a capability which is not there
   */
  async named(patterns: readonly string[], self: string, call: CallCapability): Promise<Tool[]> {
    if (patterns.length === 0) return [];
    const wanted = patterns.map(parsePattern);
    const exact = wanted.filter(({ capability }) => capability !== '*').map(formatCapabilityRef);
    const isMissing = (tools: ReadonlyMap<string, Tool>) => exact.find((name) => name !== self && !tools.has(name));
    let tools = await this.#found(wanted, self, call, this.#freshMs);
    if (isMissing(tools)) tools = await this.#found(wanted, self, call, 0); // it may have come since
    const missing = isMissing(tools);
    if (missing) throw new Fault('not-found', `The agent's tool ${missing} is not installed.`);
    return [...tools].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tool]) => tool);
  }

  async #found(
    wanted: readonly CapabilityRef[],
    self: string,
    call: CallCapability,
    freshMs: number,
  ): Promise<Map<string, Tool>> {
    const names = wanted.some(({ plugin }) => plugin === '*') ? undefined : wanted.map(({ plugin }) => plugin);
    const { manifests, catalogue, live } = await this.#installed(names, freshMs);
    const isLive = (plugin: string, version: string) => live.has(`${plugin} ${version}`);
    const tools = new Map<string, Tool>();
    for (const { plugin, capability } of allCapabilities(manifests)) {
      const name = formatCapabilityRef({ plugin, capability });
      const isWanted = wanted.some(
        (one) => ['*', plugin].includes(one.plugin) && ['*', capability].includes(one.capability),
      );
      if (!isWanted || name === self || tools.has(name)) continue;
      const found = catalogue.resolve({ plugin, capability, range: this.#uses.get(name), isLive });
      if (found.ok) tools.set(name, toolOf(name, found.capability, call));
    }
    return tools;
  }

  /** What was read last serves while the registry is away. */
  #installed(names: readonly string[] | undefined, freshMs: number): Promise<Installed> {
    const key = names === undefined ? '*' : [...new Set(names)].sort().join(' ');
    const known = this.#readings.get(key);
    if (known && performance.now() - known.atMs < freshMs) return known.catalogue;
    const catalogue = this.#read(names).catch((error: unknown) => {
      if (known) return known.catalogue;
      this.#readings.delete(key);
      throw error;
    });
    this.#readings.delete(key);
    this.#readings.set(key, { atMs: performance.now(), catalogue });
    const [oldest] = this.#readings.keys();
    if (this.#readings.size > MAX_READINGS && oldest !== undefined) this.#readings.delete(oldest);
    return catalogue;
  }

  async #read(names: readonly string[] | undefined): Promise<Installed> {
    const manifests = await readPlugins<Manifest & { readonly instances: readonly string[] }>(this.#requester, names);
    const catalogue = new Catalogue();
    for (const manifest of manifests) catalogue.set(manifest);
    const live = manifests.filter(({ instances }) => instances.length > 0);
    return { manifests, catalogue, live: new Set(live.map(({ name, version }) => `${name} ${version}`)) };
  }
}

function parsePattern(pattern: string): CapabilityRef {
  const [plugin = '', capability = plugin === '*' ? '*' : '', ...more] = pattern.split('.');
  const isPattern =
    (isName(plugin) && (capability === '*' || isName(capability))) || (plugin === '*' && capability === '*');
  if (isPattern && more.length === 0) return { plugin, capability };
  throw new Fault('invalid-argument', `"${pattern}" names no tool: it is plugin.capability, plugin.* or *.`);
}

function* allCapabilities(manifests: readonly Manifest[]) {
  for (const { name: plugin, capabilities } of manifests) {
    for (const { name: capability } of capabilities) yield { plugin, capability };
  }
}

/** No name holds two underscores, so that no two capabilities get the same tool. */
function toolOf(name: string, { description, input }: Manifest['capabilities'][number], call: CallCapability): Tool {
  return {
    name: name.replace('.', '__'),
    description,
    inputSchema: input as Tool['inputSchema'],
    call: (args) => call(name, args),
  };
}
