/** What each keyword of JSON Schema refuses that another schema accepts. Pure. */
import { isDeepStrictEqual } from 'node:util';
import {
  areDisjoint,
  atLeast,
  atMost,
  finiteOf,
  hasInPlace,
  includesValue,
  isNever,
  type JsonType,
  numbersOf,
  partsOf,
  propertyOf,
  requiredOf,
  stringsOf,
} from './facts.js';
import type { Gap } from './gap.js';
import { keywordsOf, type Located, listWithin, referred, within } from './located-schema.js';
import { refers } from './schema-identity.js';

/** The way further into a schema. */
export interface Descent {
  gapsOf(parts: readonly Located[], wide: Located): Gap[];
  members(parts: readonly Located[], wide: Located): Gap[];
  otherMembers(parts: readonly Located[], wide: Located, others: Located): Gap[];
  patterned(parts: readonly Located[], wide: Located): Gap[];
  items(parts: readonly Located[], wide: Located): Gap[];
  oneOf(parts: readonly Located[], branches: readonly Located[], isExclusive: boolean): boolean;
  ignoresUnknown(keyword: string): boolean;
}

interface Check {
  readonly keyword: string;
  readonly value: unknown;
  readonly parts: readonly Located[];
  readonly types: ReadonlySet<JsonType>;
  readonly wide: Located;
  readonly comparison: Descent;
}

interface Rule {
  /** The types of value that the keyword says something of. @default all */
  readonly of?: readonly JsonType[];
  /** Gaps further in, or what the gap is. */
  readonly check: (check: Check) => readonly Gap[] | string;
}

const FITS: readonly Gap[] = [];
const when = (fits: boolean, message: string) => (fits ? FITS : message);

const NUMBERS: readonly JsonType[] = ['number', 'integer'];
const STRINGS: readonly JsonType[] = ['string'];
const ARRAYS: readonly JsonType[] = ['array'];
const OBJECTS: readonly JsonType[] = ['object'];

function from(of: readonly JsonType[], other?: string): Rule {
  return {
    of,
    check: ({ keyword, value, parts }) => {
      const own = atLeast(parts, keyword);
      const strict = other === undefined ? undefined : atLeast(parts, other);
      const fits =
        (own ?? Number.NEGATIVE_INFINITY) >= Number(value) || (strict ?? Number.NEGATIVE_INFINITY) >= Number(value);
      return when(fits || Number(value) <= floorOf(keyword), `is ${value}, and less was accepted`);
    },
  };
}

/** What every length and count is at least. */
function floorOf(keyword: string): number {
  return keyword.startsWith('min') && keyword !== 'minimum' ? 0 : Number.NEGATIVE_INFINITY;
}

function upTo(of: readonly JsonType[], other?: string): Rule {
  return {
    of,
    check: ({ keyword, value, parts }) => {
      const own = atMost(parts, keyword) ?? Number.POSITIVE_INFINITY;
      const strict = (other === undefined ? undefined : atMost(parts, other)) ?? Number.POSITIVE_INFINITY;
      return when(Math.min(own, strict) <= Number(value), `is ${value}, and more was accepted`);
    },
  };
}

/** Bounds that leave their own number out: an inclusive one of the other side has to be beyond it. */
function beyond(
  isFit: (own: number, bound: number) => boolean,
  inclusive: string,
  least: typeof atLeast,
  what: string,
): Rule {
  return {
    of: NUMBERS,
    check: ({ keyword, value, parts }) => {
      const bound = Number(value);
      const own = least(parts, keyword);
      const reached = least(parts, inclusive);
      const fits =
        (own !== undefined && (own === bound || isFit(own, bound))) || (reached !== undefined && isFit(reached, bound));
      return when(fits, `is ${value}, and ${what} was accepted`);
    },
  };
}

/** Only what stands in the other schema word for word is known to fit. */
const SAME: Rule = {
  check: ({ keyword, value, parts }) =>
    when(
      parts.some((part) => isDeepStrictEqual(keywordsOf(part)[keyword], value) && !refers(value)),
      `is not known to accept what was accepted`,
    ),
};

/** By keyword; those that are not among them say nothing of a value, or are looked at beside another one. */
export const RULES: Readonly<Record<string, Rule>> = {
  type: {
    check: ({ value, types }) => {
      const wanted = [value].flat() as JsonType[];
      const lost = [...types].filter(
        (type) => !wanted.includes(type) && !(type === 'integer' && wanted.includes('number')),
      );
      return when(lost.length === 0, `is ${wanted.join(' or ')}, and ${lost.join(' or ')} was accepted`);
    },
  },
  const: {
    check: ({ value, parts, types }) => when(isAmong([value], parts, types), 'is one value, and others were accepted'),
  },
  enum: {
    check: ({ value, parts, types }) =>
      when(isAmong(value as unknown[], parts, types), 'lacks values that were accepted'),
  },
  minimum: from(NUMBERS, 'exclusiveMinimum'),
  maximum: upTo(NUMBERS, 'exclusiveMaximum'),
  exclusiveMinimum: beyond((own, bound) => own > bound, 'minimum', atLeast, 'that or less'),
  exclusiveMaximum: beyond((own, bound) => own < bound, 'maximum', atMost, 'that or more'),
  multipleOf: {
    of: NUMBERS,
    check: ({ value, parts, types }) => {
      const isWhole = value === 1 && !types.has('number');
      const known = [...numbersOf(parts, 'multipleOf'), ...(finiteOf(parts) ?? [])];
      const fits = isWhole || known.some((one) => isMultiple(Number(one), Number(value)));
      return when(fits, `is ${value}, and other numbers were accepted`);
    },
  },
  minLength: from(STRINGS),
  maxLength: upTo(STRINGS),
  pattern: { ...SAME, of: STRINGS },
  format: { ...SAME, of: STRINGS },
  minItems: from(ARRAYS),
  maxItems: upTo(ARRAYS),
  uniqueItems: {
    of: ARRAYS,
    check: ({ value, parts }) => {
      const fits =
        value !== true ||
        parts.some((part) => keywordsOf(part).uniqueItems === true) ||
        (atMost(parts, 'maxItems') ?? 2) < 2;
      return when(fits, 'allows no item twice, and that was accepted');
    },
  },
  prefixItems: { of: ARRAYS, check: ({ parts, wide, comparison }) => comparison.items(parts, wide) },
  items: {
    of: ARRAYS,
    check: ({ parts, wide, comparison }) =>
      listWithin(wide, 'prefixItems').length > 0 ? FITS : comparison.items(parts, wide),
  },
  contains: {
    of: ARRAYS,
    check: (check) => {
      const needsNone = keywordsOf(check.wide).minContains === 0 && keywordsOf(check.wide).maxContains === undefined;
      if (needsNone) return FITS;
      const fits = check.parts.some(
        (part) =>
          ['contains', 'minContains', 'maxContains'].every((keyword) =>
            isDeepStrictEqual(keywordsOf(part)[keyword], keywordsOf(check.wide)[keyword]),
          ) && !refers(check.value),
      );
      return when(fits, 'is not known to accept what was accepted');
    },
  },
  unevaluatedItems: {
    of: ARRAYS,
    check: ({ wide, parts, comparison }) => unevaluated(wide, parts, comparison, 'unevaluatedItems'),
  },
  minProperties: {
    of: OBJECTS,
    check: ({ value, parts }) => {
      const least = Math.max(atLeast(parts, 'minProperties') ?? 0, requiredOf(parts).size);
      return when(least >= Number(value), `is ${value}, and fewer were accepted`);
    },
  },
  maxProperties: upTo(OBJECTS),
  required: {
    of: OBJECTS,
    check: ({ value, parts }) => {
      const known = requiredOf(parts);
      const missing = stringsOf(value).filter((name) => !known.has(name));
      return when(
        missing.length === 0,
        `asks for ${missing.map((name) => JSON.stringify(name)).join(', ')}, which could be left out`,
      );
    },
  },
  dependentRequired: {
    of: OBJECTS,
    check: ({ value, parts }) => {
      const known = requiredOf(parts);
      const fits = Object.entries(value as object).every(
        ([name, needed]) =>
          stringsOf(needed).every((one) => known.has(one)) || isNever(partsOf(propertyOf(parts, name))),
      );
      return fits ? FITS : SAME.check({ keyword: 'dependentRequired', value, parts } as Check);
    },
  },
  properties: { of: OBJECTS, check: ({ parts, wide, comparison }) => comparison.members(parts, wide) },
  patternProperties: { of: OBJECTS, check: ({ parts, wide, comparison }) => comparison.patterned(parts, wide) },
  additionalProperties: {
    of: OBJECTS,
    check: ({ parts, wide, comparison }) => {
      const others = within(wide, 'additionalProperties');
      return others ? comparison.otherMembers(parts, wide, others) : FITS;
    },
  },
  unevaluatedProperties: {
    of: OBJECTS,
    check: ({ wide, parts, comparison }) => unevaluated(wide, parts, comparison, 'unevaluatedProperties'),
  },
  propertyNames: { ...SAME, of: OBJECTS },
  dependentSchemas: { ...SAME, of: OBJECTS },
  allOf: {
    check: ({ parts, wide, comparison }) => listWithin(wide, 'allOf').flatMap((one) => comparison.gapsOf(parts, one)),
  },
  anyOf: {
    check: ({ parts, wide, comparison }) =>
      when(
        comparison.oneOf(parts, listWithin(wide, 'anyOf'), false),
        'has no branch that accepts all that was accepted',
      ),
  },
  oneOf: {
    check: ({ parts, wide, comparison }) =>
      when(
        comparison.oneOf(parts, listWithin(wide, 'oneOf'), true),
        'has no single branch that accepts all that was accepted',
      ),
  },
  not: {
    check: ({ parts, wide }) => {
      const forbidden = within(wide, 'not');
      const fits = !forbidden || areDisjoint(parts, partsOf([forbidden]));
      return fits ? FITS : SAME.check({ keyword: 'not', value: keywordsOf(wide).not, parts } as Check);
    },
  },
  if: {
    check: ({ parts, wide }) => {
      const isThere = parts.some((part) =>
        ['if', 'then', 'else'].every((keyword) =>
          isDeepStrictEqual(keywordsOf(part)[keyword], keywordsOf(wide)[keyword]),
        ),
      );
      return when(isThere && !refers(wide.schema), 'is not known to accept what was accepted');
    },
  },
  $ref: {
    check: ({ parts, wide, comparison }) => {
      const target = referred(wide);
      return target ? comparison.gapsOf(parts, target) : 'leads nowhere';
    },
  },
  $dynamicRef: { check: () => 'cannot be compared' },
};

function isAmong(values: readonly unknown[], parts: readonly Located[], types: ReadonlySet<JsonType>): boolean {
  const own = finiteOf(parts) ?? smallTypes(types);
  return own?.every((one) => includesValue(values, one)) ?? false;
}

/** All values of types that have only a few. */
function smallTypes(types: ReadonlySet<JsonType>): unknown[] | undefined {
  const small = [...types].map((type) => (type === 'null' ? [null] : type === 'boolean' ? [true, false] : undefined));
  return small.every((one) => one !== undefined) ? small.flat() : undefined;
}

function isMultiple(value: number, of: number): boolean {
  return Number.isInteger(value) && Number.isInteger(of)
    ? value % of === 0
    : Number.isInteger(value / of) && value === of;
}

/** Where nothing in place can evaluate more than its neighbours do, it means what the keyword for the rest means. */
function unevaluated(
  wide: Located,
  parts: readonly Located[],
  comparison: Descent,
  keyword: string,
): readonly Gap[] | string {
  const others = within(wide, keyword);
  if (!others || others.schema === true) return FITS;
  if (others.schema === false && comparison.ignoresUnknown(keyword)) return FITS;
  if (hasInPlace(wide)) return 'cannot be compared beside keywords that apply in place';
  if (keyword === 'unevaluatedItems') {
    const { unevaluatedItems, ...rest } = keywordsOf(wide);
    return Object.hasOwn(rest, 'items')
      ? FITS
      : comparison.items(parts, { ...wide, schema: { ...rest, items: unevaluatedItems } });
  }
  return within(wide, 'additionalProperties') ? FITS : comparison.otherMembers(parts, wide, others);
}
