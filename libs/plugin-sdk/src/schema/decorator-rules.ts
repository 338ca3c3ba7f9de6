import type { JsonSchemaObject } from '@orchestrator/manifest';
import { portablePattern } from './portable-pattern.js';
import { isLengthWithin } from './unicode-length.js';

/** A value that is compared by identity in JavaScript and in JSON Schema alike. */
export type Scalar = string | number | boolean | null;

/** What a decorator of class-validator says, in the terms of JSON Schema. */
export interface DecoratorMeaning {
  /** Says of which type the value is: when it fails, what else fails does not matter. */
  readonly isType?: true;
  readonly keywords?: JsonSchemaObject;
  /** Values that are not allowed, whatever their type. */
  readonly excludes?: readonly Scalar[];
  /** The check, where class-validator's own is laxer than what the decorator says, or slow. */
  readonly accepts?: (value: unknown) => boolean;
}

/** A decorator as it stands on a property. */
interface DecoratorUse {
  readonly constraints: readonly unknown[];
  /** Throws an error which says that the decorator cannot be expressed, why, and what to do. */
  readonly refuse: (why: string) => never;
}

type Meaning = (use: DecoratorUse) => DecoratorMeaning;

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function scalars({ refuse }: DecoratorUse, values: unknown): readonly Scalar[] {
  if (!Array.isArray(values) || values.length === 0) return refuse('list the values');
  if (!values.every(isScalar)) return refuse('list strings, finite numbers, booleans or null only');
  return [...new Set(values)];
}

function size({ refuse }: DecoratorUse, bound: unknown): number {
  return Number.isSafeInteger(bound) && (bound as number) >= 0 ? (bound as number) : refuse('give a whole number');
}

function bound({ refuse }: DecoratorUse, bound: unknown): number {
  return Number.isFinite(bound) ? (bound as number) : refuse('give a finite number');
}

/** One of some values. The type is told besides, for readers that show it. */
function oneOf(values: readonly Scalar[]): DecoratorMeaning {
  const types = new Set(values.map((value) => typeof value));
  const [type = 'object'] = types;
  const allowed = new Set<unknown>(values);
  return {
    isType: true,
    keywords: { ...(types.size === 1 && type !== 'object' && { type }), enum: values },
    accepts: (value) => allowed.has(value),
  };
}

function length(min: number, max: number): DecoratorMeaning {
  return {
    keywords: { type: 'string', ...(min > 0 && { minLength: min }), ...(max < Infinity && { maxLength: max }) },
    accepts: (value) => typeof value === 'string' && isLengthWithin(value, min, max),
  };
}

/** JSON text can hold 1e999, which is read as Infinity: no number to JSON Schema. */
function numeric(keywords: JsonSchemaObject, accepts: (value: number) => boolean): DecoratorMeaning {
  return {
    keywords: { type: 'number', ...keywords },
    accepts: (value) => Number.isFinite(value) && accepts(value as number),
  };
}

const pattern = (source: string): DecoratorMeaning => ({ keywords: { type: 'string', pattern: source } });
const type = (name: string): DecoratorMeaning => ({ isType: true, keywords: { type: name } });

/** The values of an enum, without the names that a numeric one also holds as values. */
function enumValues(entity: object): readonly unknown[] {
  const members = new Map<string, unknown>(Object.entries(entity));
  const isReverse = (key: string, value: unknown) =>
    typeof value === 'string' && String(Number(key)) === key && members.get(value) === Number(key);
  return [...members].filter(([key, value]) => !isReverse(key, value)).map(([, value]) => value);
}

const HEX = '[0-9a-fA-F]';
const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const MAX_UUID = '[fF]{8}-[fF]{4}-[fF]{4}-[fF]{4}-[fF]{12}';
const uuidOf = (versions: string) => `${HEX}{8}-${HEX}{4}-${versions}${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`;

function uuid({ constraints: [version], refuse }: DecoratorUse): string {
  const forms = (Array.isArray(version) ? version : [version ?? 'all']).map((each) => {
    if (each === 'all') return `${uuidOf('[1-8]')}|${NIL_UUID}|${MAX_UUID}`;
    if (each === 'loose') return `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`;
    if (each === 'nil') return NIL_UUID;
    if (each === 'max') return MAX_UUID;
    return /^[1-8]$/.test(String(each)) ? uuidOf(String(each)) : refuse(`there is no version ${String(each)}`);
  });
  return `^(?:${forms.join('|')})$`;
}

const TIME = '([01][0-9]|2[0-3]):[0-5][0-9]';
const RFC_3339 = `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[ tT]${TIME}:([0-5][0-9]|60)(\\.[0-9]+)?([zZ]|[+-]${TIME})$`;

/** Every decorator that has an exact counterpart, by the name under which class-validator stores it. */
export const DECORATOR_MEANINGS: Readonly<Record<string, Meaning>> = {
  isString: () => type('string'),
  isBoolean: () => type('boolean'),
  isInt: () => type('integer'),
  isArray: () => type('array'),
  isObject: () => type('object'),
  isNumber: ({ constraints: [options], refuse }) => {
    const { allowNaN, allowInfinity, maxDecimalPlaces } = (options ?? {}) as Record<string, unknown>;
    if (allowNaN || allowInfinity) return refuse('JSON has neither NaN nor Infinity: leave the option out');
    if (maxDecimalPlaces !== undefined) return refuse('use @IsInt() and count in the smallest unit');
    return type('number');
  },
  isDefined: () => ({ excludes: [null] }),
  isNotEmpty: () => ({ excludes: ['', null] }),
  equals: (use) => oneOf(scalars(use, use.constraints)),
  isIn: (use) => oneOf(scalars(use, use.constraints[0])),
  isEnum: (use) => oneOf(scalars(use, enumValues(use.constraints[0] as object))),
  notEquals: (use) => ({ excludes: scalars(use, use.constraints) }),
  isNotIn: (use) => ({ excludes: scalars(use, use.constraints[0]) }),
  minLength: (use) => length(size(use, use.constraints[0]), Infinity),
  maxLength: (use) => length(0, size(use, use.constraints[0])),
  isLength: (use) => {
    const [min, max] = use.constraints;
    return length(size(use, min ?? 0), max === undefined || max === null ? Infinity : size(use, max));
  },
  matches: ({ constraints: [expression, flags], refuse }) => {
    const given =
      expression instanceof RegExp ? expression : new RegExp(String(expression), flags as string | undefined);
    const portable = portablePattern(given);
    if (portable.obstacle !== undefined) return refuse(`${portable.obstacle}: write it anew, with the u flag only`);
    const checked = new RegExp(portable.pattern, 'u');
    return { ...pattern(portable.pattern), accepts: (value) => typeof value === 'string' && checked.test(value) };
  },
  isUuid: (use) => pattern(uuid(use)),
  isRFC3339: () => pattern(RFC_3339),
  isHexColor: () => pattern(`^#?(${HEX}{3}|${HEX}{4}|${HEX}{6}|${HEX}{8})$`),
  min: (use) => {
    const minimum = bound(use, use.constraints[0]);
    return numeric({ minimum }, (value) => value >= minimum);
  },
  max: (use) => {
    const maximum = bound(use, use.constraints[0]);
    return numeric({ maximum }, (value) => value <= maximum);
  },
  isPositive: () => numeric({ exclusiveMinimum: 0 }, (value) => value > 0),
  isNegative: () => numeric({ exclusiveMaximum: 0 }, (value) => value < 0),
  arrayNotEmpty: () => ({ keywords: { type: 'array', minItems: 1 } }),
  arrayMinSize: (use) => ({ keywords: { type: 'array', minItems: size(use, use.constraints[0]) } }),
  arrayMaxSize: (use) => ({ keywords: { type: 'array', maxItems: size(use, use.constraints[0]) } }),
  arrayUnique: () => ({
    keywords: { type: 'array', uniqueItems: true },
    accepts: (value) => Array.isArray(value) && new Set(value).size === value.length,
  }),
};

/** What to use in place of a decorator that many reach for, and that has no exact counterpart. */
export const INSTEAD: Readonly<Record<string, string>> = {
  isIso8601: 'use @IsRFC3339()',
  isDateString: 'use @IsRFC3339()',
  isDate: 'JSON has no dates: declare a string and use @IsRFC3339()',
  isUrl: String.raw`use @Matches(/^https?:\/\/\S+$/u) or stricter`,
  isEmail: String.raw`use @Matches(/^[^\s@]+@[^\s@]+$/u) or stricter`,
  isEmpty: 'leave the property out, or use @Equals',
  isDivisibleBy: 'use @IsInt() and count in that unit',
  isNotEmptyObject: 'use @ValidateNested() with a class',
};
