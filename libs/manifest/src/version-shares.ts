/**
 * Which versions the operator wants to be taken before others: one that is pinned, or several by weight, as for a canary.
 * Decided for each correlation by a hash, so that all of a call tree goes the same way, whichever replica decides. Pure.
 */
import { hash } from 'node:crypto';
import { Fault, isName, isVersion, type VersionShare } from '@orchestrator/protocol';
import semver from 'semver';

type Shares = readonly Omit<VersionShare, 'plugin'>[];

const FORM =
  'Write "plugin: version", or "plugin: version percent%, version percent%" with 100 % in all, and ; between plugins';
const EXAMPLE = 'editor: 1.4.2; designer: 2.0.0 10%, 1.9.3 90%';
const PERCENT = /^(\d{1,3}(?:\.\d{1,2})?) ?%$/;
/** Hundredths of a percent: sums of these are exact. */
const ALL = 10_000;

export class VersionShares {
  readonly #byPlugin: ReadonlyMap<string, Shares>;
  /** Of plugins that are pinned to one version: the same for every correlation. */
  readonly #pinned: ReadonlyMap<string, readonly string[]>;

  private constructor(byPlugin: ReadonlyMap<string, Shares>) {
    this.#byPlugin = byPlugin;
    const pinned = [...byPlugin].filter(([, shares]) => shares.length === 1);
    this.#pinned = new Map(pinned.map(([plugin, shares]) => [plugin, shares.map(({ version }) => version)]));
  }

  /**
   * Reads `plugin: version; plugin: version percent%, version percent%`.
   * @throws Fault `invalid-argument` that says which entry is wrong, where it begins, and what is expected
   */
  static parse(text = ''): VersionShares {
    const byPlugin = new Map<string, Shares>();
    let at = 0;
    for (const entry of text.split(';')) {
      if (entry.trim() !== '') {
        const begin = at + entry.length - entry.trimStart().length;
        const { plugin, shares } = parseEntry(entry, begin);
        if (byPlugin.has(plugin)) throw wrong(entry, begin, `${plugin} stands there twice`);
        byPlugin.set(plugin, shares);
      }
      at += entry.length + 1;
    }
    return new VersionShares(byPlugin);
  }

  /** All of them, plugin by plugin, the highest version first. */
  list(): VersionShare[] {
    return [...this.#byPlugin].flatMap(([plugin, shares]) => shares.map((share) => ({ plugin, ...share })));
  }

  /**
   * The versions of a plugin that are to be taken in this correlation, that which it falls to first; undefined where the
   * operator says nothing of the plugin. Of those that can be taken at all, each comes first in its own part of the
   * correlations, and when one goes, only its own correlations move (weighted rendezvous hashing).
   */
  orderFor(plugin: string, correlation: string): readonly string[] | undefined {
    if (this.#byPlugin.size === 0) return undefined;
    const pinned = this.#pinned.get(plugin);
    if (pinned) return pinned;
    return this.#byPlugin
      .get(plugin)
      ?.map(({ version, percent }) => ({ version, score: -Math.log(fraction(plugin, version, correlation)) / percent }))
      .sort((a, b) => a.score - b.score)
      .map(({ version }) => version);
  }
}

/** Evenly spread over what lies between 0 and 1, and always the same for the same texts. */
function fraction(plugin: string, version: string, correlation: string): number {
  const digest = hash('sha256', `${plugin}@${version} ${correlation}`); // in hex
  return (Number.parseInt(digest.slice(0, 12), 16) + 0.5) / 2 ** 48;
}

function parseEntry(entry: string, begin: number): { plugin: string; shares: Shares } {
  const colonAt = entry.indexOf(':');
  const plugin = entry.slice(0, Math.max(0, colonAt)).trim();
  if (!isName(plugin)) throw wrong(entry, begin, 'it must begin with the name of a plugin and a colon');
  const shares = entry
    .slice(colonAt + 1)
    .split(',')
    .map((part) => {
      const [version = '', ...rest] = part.trim().split(/\s+/);
      const weight = rest.join(' ');
      if (!isVersion(version)) throw wrong(entry, begin, `"${version}" is no version like 1.4.2`);
      const percent = weight === '' ? undefined : Number(PERCENT.exec(weight)?.[1]);
      if (percent !== undefined && !(percent > 0 && percent <= 100)) {
        throw wrong(entry, begin, `"${weight}" is no percentage above 0 like 10% or 0.5%`);
      }
      return { version, percent };
    });
  if (new Set(shares.map(({ version }) => version)).size < shares.length) {
    throw wrong(entry, begin, 'a version stands there twice');
  }
  const [first] = shares;
  if (first && shares.length === 1 && first.percent === undefined) {
    return { plugin, shares: [{ version: first.version, percent: 100 }] };
  }
  const weighed = shares.map(({ version, percent = 0 }) => ({ version, percent }));
  if (shares.some(({ percent }) => percent === undefined)) throw wrong(entry, begin, 'each version needs a percentage');
  const sum = weighed.reduce((all, { percent }) => all + Math.round(percent * 100), 0);
  if (sum !== ALL) throw wrong(entry, begin, `the percentages make ${sum / 100}%, not 100%`);
  return { plugin, shares: weighed.sort((a, b) => semver.rcompare(a.version, b.version)) };
}

function wrong(entry: string, begin: number, why: string): Fault {
  const message = `"${entry.trim()}" (at character ${begin + 1}): ${why}. ${FORM}, like "${EXAMPLE}".`;
  return new Fault('invalid-argument', message, { at: begin + 1 });
}
