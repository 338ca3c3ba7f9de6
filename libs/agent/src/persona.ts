/** Personas: who the model is to be, written in Markdown with front matter. */
import { Fault } from '@orchestrator/protocol';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Thinking } from './model.js';
import { nearestNames } from './nearest.js';

/** How a model is asked; each setting replaces the more general one. */
export interface ModelSettings {
  readonly model?: string | undefined;
  /** Of one reply. */
  readonly maxTokens?: number | undefined;
  /** 0 to 1; models that take none refuse it. */
  readonly temperature?: number | undefined;
  readonly thinking?: Thinking | undefined;
}

export interface Persona extends ModelSettings {
  /** `elena-voss` */
  readonly name: string;
  /** `Strategic Story Architect` */
  readonly title?: string | undefined;
  /** The system prompt. */
  readonly prompt: string;
}

interface PersonaProblem {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

export type PersonaText =
  | { readonly persona: Persona; readonly problems?: undefined }
  | { readonly persona?: undefined; readonly problems: readonly PersonaProblem[] };

const FRONT_MATTER = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m;

/** What a setting must be; answers what is wrong with it otherwise. */
const SETTINGS: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  name: (value) => (isPersonaName(value) ? undefined : 'must be lower-case letters, digits and hyphens'),
  title: (value) => (isText(value) ? undefined : 'must be text'),
  model: (value) => (isText(value) ? undefined : 'must be the name of a model'),
  maxTokens: (value) => (isCount(value, 1) ? undefined : 'must be a whole number from 1'),
  temperature: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be a number from 0 to 1',
  thinking: (value) =>
    value === 'adaptive' || isCount(value, 1024) ? undefined : 'must be adaptive, or a number of tokens from 1024',
};

/**
 * Reads a persona: front matter with `name`, `title`, `model`, `maxTokens`, `temperature` and `thinking`, all of them
 * optional, and the system prompt below it.
 * @param name what it is called where it does not say itself
 */
export function parsePersona(text: string, name: string): PersonaText {
  const source = text.replace(/^\uFEFF/, '');
  const front = source.startsWith('---') ? FRONT_MATTER.exec(source) : undefined;
  if (front === null || (front && front.index !== 0)) {
    return { problems: [{ line: 1, column: 1, message: 'the front matter has no end: a line with --- alone' }] };
  }
  const { values, problems } = frontMatter(front?.[1] ?? '');
  const prompt = source.slice(front?.[0].length ?? 0).trim();
  if (prompt === '')
    problems.push({ line: source.split('\n').length, column: 1, message: 'there is no system prompt' });
  if (!('name' in values) && !isPersonaName(name)) problems.push({ line: 1, column: 1, message: 'it needs a name' });
  if (problems.length > 0) return { problems };
  const { thinking } = values;
  const settings = { ...values, ...(typeof thinking === 'number' && { thinking: { maxTokens: thinking } }) };
  return { persona: { name, ...settings, prompt } };
}

function frontMatter(yaml: string): { values: Record<string, unknown>; problems: PersonaProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const problems: PersonaProblem[] = [];
  const values: Record<string, unknown> = {};
  const add = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ line: line + 1, column: col, message }); // below the line with ---
  };
  for (const { pos, message } of document.errors) add(pos[0], `not YAML: ${message}`);
  if (problems.length > 0) return { values, problems };
  const { contents } = document;
  if (contents !== null && !isMap(contents)) add(0, 'the front matter must be `name: value` lines');
  for (const { key, value } of isMap(contents) ? contents.items : []) {
    const name = isScalar(key) ? String(key.value) : '';
    const offset = (isScalar(key) && key.range?.[0]) || 0;
    const plain = isScalar(value) ? value.value : undefined;
    const check = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    const wrong = check ? check(plain) : unknownSetting(name);
    if (wrong) add(offset, `${name} ${wrong}`);
    else values[name] = plain;
  }
  return { values, problems };
}

function unknownSetting(name: string): string {
  const [nearest] = nearestNames(name, Object.keys(SETTINGS));
  return `is no setting of a persona${nearest ? `; did you mean ${nearest}?` : ''}`;
}

function isPersonaName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function isCount(value: unknown, from: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= from;
}

/** The personas that an agent can be, by name. */
export class Personas {
  readonly #byName: ReadonlyMap<string, Persona>;

  constructor(personas: Iterable<Persona> = []) {
    this.#byName = new Map([...personas].map((persona) => [persona.name, persona]));
  }

  /** @throws Fault `not-found` with the nearest names */
  get(name: string): Persona {
    const persona = this.#byName.get(name);
    if (persona) return persona;
    const nearest = nearestNames(name, this.#byName.keys());
    const hint = nearest.length > 0 ? `; did you mean ${nearest.join(' or ')}?` : '.';
    throw new Fault('not-found', `There is no persona ${name}${hint}`, { persona: name, nearest });
  }

  /**
   * The same personas, some of them with other settings: what a configuration says goes before what the files say.
   * @throws Fault `not-found` for a persona that is not there
   */
  with(overrides: Readonly<Record<string, Partial<Omit<Persona, 'name'>>>>): Personas {
    const changed = Object.entries(overrides).map(([name, settings]) => ({ ...this.get(name), ...settings, name }));
    return new Personas([...this.#byName.values(), ...changed]);
  }
}
