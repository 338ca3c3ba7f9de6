/**
 * Does one JSON Schema accept all that another accepts? Decided keyword by keyword, without ever guessing: what cannot be
 * shown counts as a gap. So "no gap" is certain, and a gap may be one that no value falls into. The rules are in
 * docs/compatibility.md.
 */
import { isDeepStrictEqual } from 'node:util';
import { pointerTo } from '../problem.js';
import {
  atLeast,
  atMost,
  finiteOf,
  hasInPlace,
  includesValue,
  isNever,
  itemOf,
  type JsonType,
  matches,
  numbersOf,
  otherItemsOf,
  othersOf,
  partsOf,
  propertyOf,
  requiredOf,
  schemaOfValue,
  stringsOf,
  typesOf,
} from './facts.js';
import { keywordsOf, type Located, listWithin, locate, namesWithin, referred, within } from './located-schema.js';

/** A place where values may be accepted by the one schema and not by the other. */
export interface Gap {
  /** Where the wider schema would have to accept more: RFC 6901. */
  readonly wider: string;
  /** Where the other says what it accepts. */
  readonly narrower: string;
  readonly message: string;
}

export interface InclusionOptions {
  /** Members that the wider schema does not know are no gap, even where it allows no others. @default false */
  readonly ignoreUnknownMembers?: boolean;
  /** What cannot be told without running it, such as `pattern` and `not`, is not asked. @default false */
  readonly ignorePatterns?: boolean;
}

const PATTERNS = new Set(['pattern', 'format', 'propertyNames', 'not', 'contains', 'if', 'dependentSchemas']);

/** How much may be compared: what goes beyond it is not known to fit. Several comparisons may share one. */
export interface Budget {
  steps: number;
}

/** Honest schemas take some hundred. */
const SCHEMA_STEPS = 20_000;
/** Comparisons within each other: more are of a schema that only refers to itself. */
const MAX_DEPTH = 300;

/** Where `wider` may refuse what `narrower` accepts; empty when it certainly accepts it all. */
export function inclusionGaps(
  wider: Located,
  narrower: Located,
  options: InclusionOptions = {},
  budget: Budget = { steps: SCHEMA_STEPS },
): Gap[] {
  const comparison = new Comparison(options, budget);
  const gaps = comparison.gapsOf([narrower], wider);
  return comparison.isTooLong
    ? [{ wider: wider.pointer, narrower: narrower.pointer, message: 'is too complex to be compared' }]
    : gaps;
}

class Comparison {
  readonly #options: InclusionOptions;
  readonly #budget: Budget;
  #depth = 0;
  #isTooDeep = false;
  /** Pairs that are being compared further out: a recursive schema comes back to them, one level deeper in the value. */
  readonly #open: (readonly [Located, readonly Located[]])[] = [];

  constructor(options: InclusionOptions, budget: Budget) {
    this.#options = options;
    this.#budget = budget;
  }

  get isTooLong(): boolean {
    return this.#budget.steps < 0 || this.#isTooDeep;
  }

  ignoresUnknown(keyword: string): boolean {
    return this.#options.ignoreUnknownMembers === true && keyword.endsWith('Properties');
  }

  /** Of a member or item: one level deeper in the value, where recursion may be taken for granted. */
  #gapsBelow(narrow: readonly Located[], wide: Located): Gap[] {
    const isOpen = this.#open.some(([w, n]) => w.schema === wide.schema && isSameList(n, narrow));
    if (isOpen) return [];
    this.#open.push([wide, narrow]);
    const gaps = this.gapsOf(narrow, wide);
    this.#open.pop();
    return gaps;
  }

  gapsOf(narrow: readonly Located[], wide: Located): Gap[] {
    this.#budget.steps--;
    this.#isTooDeep ||= this.#depth >= MAX_DEPTH;
    if (this.isTooLong || wide.schema === true) return [];
    this.#depth++;
    const gaps = this.#gapsWithin(narrow, wide);
    this.#depth--;
    return gaps;
  }

  #gapsWithin(narrow: readonly Located[], wide: Located): Gap[] {
    const parts = partsOf(narrow);
    if (isNever(parts) || parts.some((part) => isSame(part, wide))) return [];
    if (wide.schema === false) return [gap(wide, parts, 'accepts nothing')];
    const values = finiteOf(parts);
    if (values) return this.#gapsOfValues(values, parts, wide);
    const branching = branchesOf(parts);
    if (branching) return branching.flatMap((branch) => this.gapsOf([...narrow, branch], wide));
    return this.#gapsByKeyword(parts, wide);
  }

  /** Of each value on its own; `const` and `enum` are compared, the rest is looked up in what is certain of it. */
  #gapsOfValues(values: readonly unknown[], parts: readonly Located[], wide: Located): Gap[] {
    const place = parts[0]?.pointer ?? '';
    return values.flatMap((value) => {
      const part = locate(schemaOfValue(value), place);
      return this.#gapsByKeyword([part], wide).map((one) => ({ ...one, narrower: place }));
    });
  }

  #gapsByKeyword(parts: readonly Located[], wide: Located): Gap[] {
    const keywords = keywordsOf(wide);
    const types = typesOf(parts);
    const gaps: Gap[] = [];
    for (const keyword of Object.keys(keywords)) {
      const rule = RULES[keyword];
      if (this.#options.ignorePatterns && PATTERNS.has(keyword)) continue;
      if (!rule || (rule.of && !rule.of.some((type) => types.has(type)))) continue;
      const outcome = rule.check({ keyword, value: keywords[keyword], parts, types, wide, comparison: this });
      if (typeof outcome === 'string')
        gaps.push(gap({ ...wide, pointer: pointerTo(wide.pointer, keyword) }, parts, outcome));
      else gaps.push(...outcome);
    }
    return gaps;
  }

  members(parts: readonly Located[], wide: Located): Gap[] {
    return namesWithin(wide, 'properties').flatMap((name) => {
      const member = within(wide, 'properties', name);
      return member ? this.#gapsBelow(propertyOf(parts, name), member) : [];
    });
  }

  /** Of members that the wider schema does not name. */
  otherMembers(parts: readonly Located[], wide: Located, others: Located): Gap[] {
    const isNamed = (name: string) =>
      within(wide, 'properties', name) !== undefined ||
      namesWithin(wide, 'patternProperties').some((pattern) => matches(pattern, name));
    if (others.schema === false && this.ignoresUnknown('additionalProperties')) return [];
    const named = parts.flatMap((part) => namesWithin(part, 'properties')).filter((name) => !isNamed(name));
    const patterned = parts.flatMap((part) =>
      namesWithin(part, 'patternProperties')
        .filter((pattern) => !namesWithin(wide, 'patternProperties').includes(pattern))
        .flatMap((pattern) => within(part, 'patternProperties', pattern) ?? []),
    );
    return [
      ...[...new Set(named)].flatMap((name) => this.#gapsBelow(propertyOf(parts, name), others)),
      ...patterned.flatMap((one) => this.#gapsBelow([one], others)),
      ...this.#gapsBelow(othersOf(parts), others),
    ];
  }

  patterned(parts: readonly Located[], wide: Located): Gap[] {
    return namesWithin(wide, 'patternProperties').flatMap((pattern) => {
      const member = within(wide, 'patternProperties', pattern);
      if (!member) return [];
      const names = parts.flatMap((part) => namesWithin(part, 'properties')).filter((name) => matches(pattern, name));
      const same = parts.flatMap((part) => within(part, 'patternProperties', pattern) ?? []);
      // Any other name may match the pattern too.
      const rest = same.length > 0 ? same : othersOf(parts);
      const others = parts.flatMap((part) =>
        namesWithin(part, 'patternProperties')
          .filter((one) => one !== pattern)
          .flatMap((one) => within(part, 'patternProperties', one) ?? []),
      );
      return [
        ...[...new Set(names)].flatMap((name) => this.#gapsBelow(propertyOf(parts, name), member)),
        ...(same.length > 0 ? [] : others.flatMap((one) => this.#gapsBelow([one], member))),
        ...this.#gapsBelow(rest, member),
      ];
    });
  }

  items(parts: readonly Located[], wide: Located): Gap[] {
    const first = listWithin(wide, 'prefixItems');
    const most = atMost(parts, 'maxItems') ?? Number.POSITIVE_INFINITY;
    const own = Math.max(0, ...parts.map((part) => listWithin(part, 'prefixItems').length));
    const rest = within(wide, 'items');
    const gaps = first.flatMap((item, index) => (index < most ? this.#gapsBelow(itemOf(parts, index), item) : []));
    if (!rest) return gaps;
    for (let index = first.length; index < Math.min(own, most); index++) {
      gaps.push(...this.#gapsBelow(itemOf(parts, index), rest));
    }
    if (Math.max(own, first.length) < most) gaps.push(...this.#gapsBelow(otherItemsOf(parts), rest));
    return gaps;
  }

  /** Does the first of some schemas accept it all, and, where only one may, no other any of it? */
  oneOf(parts: readonly Located[], branches: readonly Located[], isExclusive: boolean): boolean {
    return branches.some((branch) => {
      const isIn = this.gapsOf(parts, branch).length === 0;
      return (
        isIn && (!isExclusive || branches.every((other) => other === branch || areDisjoint(parts, partsOf([other]))))
      );
    });
  }
}

interface Check {
  readonly keyword: string;
  readonly value: unknown;
  readonly parts: readonly Located[];
  readonly types: ReadonlySet<JsonType>;
  readonly wide: Located;
  readonly comparison: Comparison;
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
function beyond(isFit: (own: number, bound: number) => boolean, inclusive: string, least: typeof atLeast): Rule {
  return {
    of: NUMBERS,
    check: ({ keyword, value, parts }) => {
      const bound = Number(value);
      const own = least(parts, keyword);
      const reached = least(parts, inclusive);
      const fits =
        (own !== undefined && (own === bound || isFit(own, bound))) || (reached !== undefined && isFit(reached, bound));
      return when(fits, `is ${value}, and more was accepted`);
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

const RULES: Readonly<Record<string, Rule>> = {
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
  exclusiveMinimum: beyond((own, bound) => own > bound, 'minimum', atLeast),
  exclusiveMaximum: beyond((own, bound) => own < bound, 'maximum', atMost),
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

function gap(wide: Located, parts: readonly Located[], message: string): Gap {
  return { wider: wide.pointer, narrower: parts[0]?.pointer ?? '', message };
}

/** The same schema in documents in which its references mean the same. */
function isSame(one: Located, other: Located): boolean {
  if (!isDeepStrictEqual(one.schema, other.schema)) return false;
  return !refers(one.schema) || isDeepStrictEqual(one.root.schema, other.root.schema);
}

function isSameList(some: readonly Located[], others: readonly Located[]): boolean {
  return some.length === others.length && some.every((one, index) => one.schema === others[index]?.schema);
}

function refers(value: unknown): boolean {
  return /"\$(dynamicR|r)ef":/.test(JSON.stringify(value));
}

/** The branches of the first choice that a value makes, where it makes any that has not been made. */
function branchesOf(parts: readonly Located[]): Located[] | undefined {
  for (const part of parts) {
    for (const keyword of ['anyOf', 'oneOf']) {
      const branches = listWithin(part, keyword);
      const isOpen =
        branches.length > 0 && !branches.some((branch) => parts.some((one) => one.schema === branch.schema));
      if (isOpen) return branches;
    }
  }
  return undefined;
}

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
  comparison: Comparison,
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

/** Certainly no value fits both: they differ in type, in value, or in a member that one asks for. */
function areDisjoint(some: readonly Located[], others: readonly Located[]): boolean {
  const both = [...some, ...others];
  if (isNever(both)) return true;
  if (!typesOf(both).has('object') || typesOf(both).size > 1) return false;
  return [...requiredOf(both)].some((name) =>
    isNever(partsOf([...propertyOf(some, name), ...propertyOf(others, name)])),
  );
}
