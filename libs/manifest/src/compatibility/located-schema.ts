/** A schema with its place and the document it stands in, so that references can be followed and problems located. */
import type { JsonSchema, JsonSchemaObject } from '../json-schema.js';
import { pointerTo } from '../problem.js';
import { everySchema } from '../schema-keywords.js';

export interface Located {
  readonly schema: JsonSchema;
  /** RFC 6901, from the document that the whole comparison is about. */
  readonly pointer: string;
  /** What `#` refers to. */
  readonly root: Root;
}

/** A document that references are resolved in. */
interface Root {
  readonly schema: JsonSchema;
  readonly pointer: string;
}

const ANYTHING: JsonSchemaObject = {};

/** A whole document, as JSON has it: without -0, which is 0. */
export function locate(document: JsonSchema, pointer = ''): Located {
  const schema = JSON.parse(JSON.stringify(document)) as JsonSchema;
  return { schema, pointer, root: { schema, pointer } };
}

/** What stands under a keyword, or under a name of it; undefined where nothing does. */
export function within(located: Located, keyword: string, key?: string | number): Located | undefined {
  const holder = keywordsOf(located)[keyword];
  const schema = key === undefined ? holder : memberOf(holder, key);
  if (typeof schema !== 'boolean' && !isObject(schema)) return undefined;
  const pointer = pointerTo(located.pointer, keyword);
  return { schema, pointer: key === undefined ? pointer : pointerTo(pointer, key), root: located.root };
}

/** The schemas of a keyword that holds a list of them. */
export function listWithin(located: Located, keyword: string): Located[] {
  const list = keywordsOf(located)[keyword];
  return Array.isArray(list) ? list.flatMap((_, index) => within(located, keyword, index) ?? []) : [];
}

/** The names under a keyword that holds schemas by name. */
export function namesWithin(located: Located, keyword: string): string[] {
  const map = keywordsOf(located)[keyword];
  return isObject(map) ? Object.keys(map) : [];
}

/** The keywords of a schema; none where it is a boolean. */
export function keywordsOf({ schema }: Located): JsonSchemaObject {
  return typeof schema === 'boolean' ? ANYTHING : schema;
}

/** What `$ref` leads to; undefined where there is none, or nothing at its end. */
export function referred(located: Located): Located | undefined {
  const reference = keywordsOf(located).$ref;
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
  const fragment = decoded(reference.slice(1));
  const { root } = located;
  if (fragment === '') return { ...root, root };
  return fragment.startsWith('/') ? atPointer(root, fragment) : atAnchor(root, fragment);
}

function atPointer(root: Root, path: string): Located | undefined {
  let value: unknown = root.schema;
  for (const token of path.slice(1).split('/')) {
    value = memberOf(value, token.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  const isSchema = typeof value === 'boolean' || isObject(value);
  return isSchema ? { schema: value as JsonSchema, pointer: root.pointer + path, root } : undefined;
}

/** Only what stands where a schema stands has an anchor: what merely looks like one, in a default or an example, has none. */
function atAnchor(root: Root, anchor: string): Located | undefined {
  for (const { schema, pointer } of everySchema(root.schema, root.pointer)) {
    if (typeof schema === 'object' && schema.$anchor === anchor) return { schema, pointer, root };
  }
  return undefined;
}

function memberOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

function isObject(value: unknown): value is JsonSchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
