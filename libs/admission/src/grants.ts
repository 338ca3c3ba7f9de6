/**
 * Who may call what. A plugin may call what its manifest lists in `uses` and what the operator grants it; any other caller
 * what the operator's map of callers says, which is everything where there is none. Pure.
 */
import { Fault, isName } from '@orchestrator/protocol';

/** What one caller may do. */
export interface CallerRights {
  readonly isPlugin: boolean;
  /** May a plugin call outside of any invocation that it works on? */
  readonly mayStartRoot: boolean;
  /** @param target `plugin.capability` */
  readonly mayCall: (target: string) => boolean;
  /** Which versions it can work with, where it said so beforehand. */
  readonly rangeOf: (target: string) => string | undefined;
}

/** What is granted by name: `plugin.capability`, `plugin.*`, `*`, and for plugins `start-root`. */
type GrantMap = ReadonlyMap<string, ReadonlySet<string>>;

/** Stands for every caller that is not named. */
const ANYBODY = '*';
const EVERYTHING = '*';
const START_ROOT = 'start-root';

/** Nothing is known of it, and nobody restricts it. */
const UNRESTRICTED: CallerRights = {
  isPlugin: false,
  mayStartRoot: true,
  mayCall: () => true,
  rangeOf: () => undefined,
};

export class Grants {
  readonly #plugins: GrantMap;
  readonly #callers: GrantMap | undefined;
  readonly #rightsOfCallers = new Map<string, CallerRights>();

  private constructor(plugins: GrantMap, callers: GrantMap | undefined) {
    this.#plugins = plugins;
    this.#callers = callers;
  }

  /**
   * Reads `name: grant, grant; name: …`.
   * @param plugins what plugins may call beyond their manifests
   * @param callers what others may call; undefined lets them call everything
   * @throws Fault `invalid-argument` that says which entry is wrong
   */
  static parse(plugins: string | undefined, callers: string | undefined): Grants {
    return new Grants(
      parseMap(plugins ?? '', (grant) => grant === START_ROOT || isPattern(grant)),
      callers === undefined ? undefined : parseMap(callers, isPattern),
    );
  }

  /** @param uses of its manifest */
  ofPlugin(name: string, uses: readonly { readonly capability: string; readonly range: string }[]): CallerRights {
    const granted = this.#plugins.get(name);
    const ranges = new Map(uses.map(({ capability, range }) => [capability, range]));
    return {
      isPlugin: true,
      mayStartRoot: granted?.has(START_ROOT) ?? false,
      mayCall: (target) => ranges.has(target) || (granted !== undefined && covers(granted, target)),
      rangeOf: (target) => ranges.get(target),
    };
  }

  /** What the operator grants a plugin, sorted. */
  grantedTo(name: string): string[] {
    return [...(this.#plugins.get(name) ?? [])].sort();
  }

  /** What of it a plugin was not granted; `*` does not let it begin trees. */
  missingOf(name: string, asked: readonly string[]): string[] {
    const granted = this.#plugins.get(name) ?? new Set();
    return asked.filter((one) => (one === START_ROOT ? !granted.has(one) : !covers(granted, one)));
  }

  ofCaller(name: string): CallerRights {
    if (!this.#callers) return UNRESTRICTED;
    const key = this.#callers.has(name) ? name : ANYBODY;
    const known = this.#rightsOfCallers.get(key);
    if (known) return known;
    const granted = this.#callers.get(key);
    const rights = { ...UNRESTRICTED, mayCall: (target: string) => granted !== undefined && covers(granted, target) };
    this.#rightsOfCallers.set(key, rights);
    return rights;
  }
}

function covers(granted: ReadonlySet<string>, target: string): boolean {
  return granted.has(EVERYTHING) || granted.has(target) || granted.has(`${target.slice(0, target.indexOf('.'))}.*`);
}

function parseMap(text: string, isGrant: (grant: string) => boolean): GrantMap {
  const map = new Map<string, Set<string>>();
  for (const entry of text.split(';').filter((part) => part.trim() !== '')) {
    const [name = '', list = '', ...rest] = entry.split(':').map((part) => part.trim());
    const grants = list
      .split(',')
      .map((grant) => grant.trim())
      .filter((grant) => grant !== '');
    const wrong = grants.find((grant) => !isGrant(grant));
    if ((name !== ANYBODY && !isName(name)) || rest.length > 0 || !entry.includes(':') || wrong !== undefined) {
      throw new Fault(
        'invalid-argument',
        `"${entry.trim()}" grants nothing that is understood. Write "name: plugin.capability, plugin.*; name: *".`,
      );
    }
    map.set(name, new Set([...(map.get(name) ?? []), ...grants]));
  }
  return map;
}

function isPattern(grant: string): boolean {
  const [plugin = '', capability = '', ...rest] = grant.split('.');
  return grant === EVERYTHING || (rest.length === 0 && isName(plugin) && (capability === '*' || isName(capability)));
}
