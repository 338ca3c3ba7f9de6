import { describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { plainToInstance, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotEmpty,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEnum,
  IsHexColor,
  IsIn,
  IsInt,
  IsNegative,
  IsNotEmpty,
  IsNotIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsRFC3339,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  NotEquals,
  ValidateNested,
  validateSync,
} from 'class-validator';
import fc from 'fast-check';
import { type DtoClass } from './dto-definition.js';
import { dtoToJsonSchema } from './dto-to-json-schema.js';
import { validateDto } from './validate-dto.js';

/**
 * The same values go through the published schema (ajv), through the host's check, and through class-validator itself.
 * Schema and host must agree on every value. Class-validator must accept whatever the host accepts.
 */
function judges(dto: DtoClass) {
  const conforms = new Ajv2020({ strict: true, strictTypes: false }).compile(dtoToJsonSchema(dto));
  return {
    schema: (value: unknown) => conforms(value) === true,
    host: (value: unknown) => validateDto(dto, value).ok,
    classValidator: (value: object) =>
      validateSync(plainToInstance(dto, value), { whitelist: true, forbidNonWhitelisted: true }).length === 0,
  };
}

/** A class with one property `value`, decorated so. */
function withValue(...decorators: readonly PropertyDecorator[]): DtoClass {
  class Input {
    value: unknown;
  }
  for (const decorate of decorators) decorate(Input.prototype, 'value');
  return Input;
}

enum Level {
  low,
  high,
}
enum Tone {
  plain = 'p',
  formal = 'f',
}

class Leaf {
  @IsString() @Length(1, 3) name!: string;
  @IsOptional() @IsInt() count?: number;
}

class Tree {
  @IsString() name!: string;
  @IsOptional() @ValidateNested() @Type(() => Leaf) leaf?: Leaf;
  @IsArray() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Tree) trees: Tree[] = [];
}

class Grown extends Tree {
  @ValidateNested() @Type(() => Leaf) main!: Leaf;
  @IsIn(['a', 'b']) kind: 'a' | 'b' = 'a';
}

const each = { each: true };

/** JSON as it arrives: whatever JSON.parse can yield. */
const TEXTS = [
  '""',
  '"a"',
  '"ab"',
  '"abc"',
  '"abcd"',
  '"a-1"',
  '"A"',
  '" "',
  '"\\n"',
  '"😀"',
  '"😀😀"',
  '"😀a😀"',
  '"\\ud83d"',
  '"\\ude00a"',
  '"\\ud83d\\ud83d\\ude00"',
  '"❤️"',
  '"\\ufe0f\\ufe0f"',
  '"é"',
  '"#fff"',
  '"#FFFFFF"',
  '"fff"',
  '"#ggg"',
  '"0"',
  '"1"',
  '"p"',
  '"low"',
  '"null"',
  '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"',
  '"6BA7B810-9DAD-41D1-80B4-00C04FD430C8"',
  '"6ba7b810-9dad-71d1-80b4-00c04fd430c8"',
  '"6ba7b810-9dad-91d1-80b4-00c04fd430c8"',
  '"00000000-0000-0000-0000-000000000000"',
  '"ffffffff-ffff-ffff-ffff-ffffffffffff"',
  '"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"',
  '"2024-02-30T10:00:00Z"',
  '"2024-02-03t23:59:60.25+23:00"',
  '"2024-02-03 10:00:00z"',
  '"2024-02-03T24:00:00Z"',
  '"2024-02-03"',
  '"2024-02-03T10:00:00+1:00"',
  '0',
  '-0',
  '1',
  '2',
  '-1',
  '1.5',
  '-1.5',
  '1e21',
  '1e300',
  '1e999',
  '-1e999',
  '5e-324',
  '9007199254740993',
  '1e-7',
  'true',
  'false',
  'null',
  '[]',
  '["a"]',
  '["a","b"]',
  '["a","a"]',
  '["a","b","c"]',
  '[1]',
  '[1,2]',
  '[1,1]',
  '[1,"1"]',
  '[0,-0]',
  '["a",1]',
  '[null]',
  '["a",null]',
  '[[]]',
  '[["a"]]',
  '[{}]',
  '[{},{}]',
  '[true,true]',
  '{}',
  '{"name":"a"}',
  '{"name":"abcd"}',
  '{"name":"a","count":null}',
  '{"name":"a","count":1.5}',
  '{"name":"a","extra":1}',
  '{"name":"a","__proto__":{"name":"b"}}',
  '{"name":"a","constructor":1}',
  '{"hasOwnProperty":1}',
  '[{"name":"a"}]',
  '[{"name":"a"},{"name":1}]',
  '[[{"name":"a"}]]',
  '{"0":{"name":"a"}}',
  '{"length":0}',
];
const VALUES: readonly unknown[] = TEXTS.map((text) => JSON.parse(text));

const CASES: readonly (readonly [string, ...PropertyDecorator[]])[] = [
  ['IsString', IsString()],
  ['IsNumber', IsNumber()],
  ['IsInt', IsInt()],
  ['IsBoolean', IsBoolean()],
  ['IsArray', IsArray()],
  ['IsObject', IsObject()],
  ['Allow', Allow()],
  ['IsDefined', IsDefined()],
  ['IsNotEmpty', IsNotEmpty()],
  ['IsNotEmpty and IsString', IsNotEmpty(), IsString()],
  ['IsNotEmpty and IsInt', IsNotEmpty(), IsInt()],
  ['IsNotEmpty and IsIn', IsNotEmpty(), IsIn(['a', '', null])],
  ['IsNotEmpty of each', IsArray(), IsNotEmpty(each)],
  ['IsDefined of each', IsDefined(each)],
  ['IsOptional alone', IsOptional()],
  ['IsOptional and IsString', IsOptional(), IsString()],
  ['IsOptional and IsDefined', IsOptional(), IsDefined()],
  ['IsOptional and IsNotEmpty', IsOptional(), IsNotEmpty()],
  ['IsOptional and IsIn', IsOptional(), IsIn(['a', 1])],
  ['IsOptional and Equals', IsOptional(), Equals('a')],
  ['IsOptional and Matches twice', IsOptional(), Matches(/a/), Matches(/b/)],
  ['IsOptional and a list', IsOptional(), IsArray(), IsInt(each)],
  ['Length', Length(1, 2)],
  ['Length without maximum', Length(2)],
  ['MinLength 0', MinLength(0)],
  ['MinLength', MinLength(2)],
  ['MaxLength', MaxLength(2)],
  ['MinLength and MaxLength', MinLength(1), MaxLength(1)],
  ['Min', Min(1)],
  ['Max', Max(1)],
  ['Min and Max and IsInt', Min(0), Max(1), IsInt()],
  ['two Min', Min(0), Min(1)],
  ['IsPositive', IsPositive()],
  ['IsNegative', IsNegative()],
  ['IsPositive and IsNegative', IsPositive(), IsNegative()],
  ['IsString and IsInt', IsString(), IsInt()],
  ['Matches', Matches(/^[a-z]+$/)],
  ['Matches unanchored', Matches(/[0-9]/g)],
  ['Matches with u', Matches(/^.$/u)],
  ['Matches a text', Matches('^a')],
  ['IsEnum of numbers', IsEnum(Level)],
  ['IsEnum of texts', IsEnum(Tone)],
  ['IsIn', IsIn(['a', 1, true, null])],
  ['IsIn with zero', IsIn([0])],
  ['IsIn of each', IsIn(['a', 'b'], each), IsArray()],
  ['IsNotIn', IsNotIn(['a', 1, null])],
  ['IsNotIn and IsString', IsNotIn(['a', '']), IsString()],
  ['Equals', Equals('a')],
  ['Equals null', Equals(null)],
  ['NotEquals', NotEquals('a')],
  ['IsUUID', IsUUID()],
  ['IsUUID 4', IsUUID('4')],
  ['IsUUID 7', IsUUID(7)],
  ['IsUUID loose', IsUUID('loose')],
  ['IsUUID of some', IsUUID(['1', 'nil'] as never)],
  ['IsRFC3339', IsRFC3339()],
  ['IsHexColor', IsHexColor()],
  ['ArrayNotEmpty', ArrayNotEmpty()],
  ['ArrayMinSize', ArrayMinSize(2)],
  ['ArrayMaxSize', ArrayMaxSize(1)],
  ['ArrayUnique of texts', ArrayUnique(), IsString(each)],
  ['ArrayUnique of numbers', ArrayUnique(), IsNumber({}, each)],
  ['ArrayUnique of some values', ArrayUnique(), IsIn(['a', 1, '1'], each)],
  ['IsString of each', IsString(each)],
  ['IsArray of each', IsArray(each)],
  ['ArrayMinSize of each', ArrayMinSize(1, each)],
  ['ValidateNested', ValidateNested(), Type(() => Leaf)],
  ['ValidateNested of each', ValidateNested(each), Type(() => Leaf)],
  ['ValidateNested and IsObject', ValidateNested(), IsObject(), Type(() => Leaf)],
  ['ValidateNested and IsNotEmpty', ValidateNested(), IsNotEmpty(), Type(() => Leaf)],
  ['ValidateNested and IsOptional', ValidateNested(), IsOptional(), Type(() => Leaf)],
  ['ValidateNested of each and ArrayMinSize', ValidateNested(each), ArrayMinSize(1), Type(() => Leaf)],
  ['ValidateNested of each and IsOptional', ValidateNested(each), IsOptional(), Type(() => Leaf)],
];

/**
 * May class-validator be asked? It does not count a variation selector, JSON Schema does: only there it is the stricter
 * one. And class-transformer, which makes the instance for it, drops or breaks on keys that every object inherits.
 */
function isComparable(value: unknown): boolean {
  return !/[\ufe0e\ufe0f]|"(?:__proto__|constructor|hasOwnProperty|valueOf|toString)"/.test(JSON.stringify(value));
}

function isInfinite(value: unknown): boolean {
  return value === Infinity || value === -Infinity;
}

const someText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.constantFrom('a', '\ud83d', '\ude00', '\ufe0f', '\u{1f600}')).map((units) => units.join('')),
);

/** Any value that JSON.parse can yield. `__proto__` twice in a list is left out: ajv takes the two for different. */
const someJson = fc
  .oneof(
    fc.constantFrom(...VALUES),
    fc.jsonValue(),
    someText,
    fc.array(fc.oneof(someText, fc.integer()), { maxLength: 3 }),
  )
  .filter((value) => !JSON.stringify(value).includes('__proto__","__proto__'));

describe('the JSON Schema of a class and the check of the host', () => {
  it.each(CASES)('agree on %s', (_, ...decorators) => {
    const { schema, host, classValidator } = judges(withValue(...decorators));
    const expectAgreement = (input: object) => {
      const accepted = host(input);
      expect({ input, accepted: schema(input) }).toEqual({ input, accepted });
      if (accepted && isComparable(input)) expect(classValidator(structuredClone(input))).toBe(true);
    };
    expectAgreement({});
    for (const value of VALUES) expectAgreement({ value });
    fc.assert(fc.property(someJson, (value) => expectAgreement({ value })));
  });

  it.each(CASES.filter(([name]) => !/Nested|each$|Enum|^ArrayUnique|^IsIn$/.test(name)))(
    'agree with class-validator itself on %s',
    (_, ...decorators) => {
      const { host, classValidator } = judges(withValue(...decorators));
      for (const value of [...VALUES, undefined].filter((each) => isComparable({ each }) && !isInfinite(each))) {
        expect({ value, accepted: classValidator({ value }) }).toEqual({ value, accepted: host({ value }) });
      }
    },
  );

  const leaf = fc.record(
    { name: fc.string({ minLength: 1, maxLength: 3, unit: 'grapheme-ascii' }), count: fc.option(fc.integer()) },
    { requiredKeys: ['name'] },
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.record(
      {
        name: someText,
        leaf: fc.option(leaf),
        trees: fc.array(tie('tree'), { maxLength: 3, depthIdentifier: 'tree' }),
      },
      { requiredKeys: ['name'] },
    ),
  }));
  const grown = fc
    .tuple(tree, fc.record({ main: leaf, kind: fc.constantFrom('a', 'b') }, { requiredKeys: ['main'] }))
    .map(([inherited, own]) => ({ ...(inherited as object), ...own }));

  it('both accept what was made to fit', () => {
    const { schema, host, classValidator } = judges(Grown);
    fc.assert(
      fc.property(grown, (value) => {
        expect({ schema: schema(value), host: host(value) }).toEqual({ schema: true, host: true });
        if (isComparable(value)) expect(classValidator(structuredClone(value))).toBe(true);
      }),
    );
  });

  it('agree on what fitted until one place was changed', () => {
    const { schema, host, classValidator } = judges(Grown);
    const places = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
      typeof value === 'object' && value !== null
        ? [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))]
        : [path];
    const change = fc.record({
      pick: fc.nat(),
      key: fc.option(
        fc.constantFrom('name', 'leaf', 'trees', 'count', 'main', 'kind', 'extra', '__proto__', 'constructor', '0'),
      ),
      kind: fc.constantFrom('replace', 'remove'),
      value: someJson,
    });
    let refused = 0;
    fc.assert(
      fc.property(grown, change, (fitting, { pick, key, kind, value }) => {
        const changed = structuredClone(fitting) as Record<string, unknown>;
        const all = places(changed);
        const place = all[pick % all.length] ?? [];
        const path = key === null ? place : [...place, key];
        const last = path.at(-1);
        if (last === undefined) return;
        const parent = path
          .slice(0, -1)
          .reduce<unknown>((at, each) => (at as Record<string, unknown>)?.[each], changed);
        if (typeof parent !== 'object' || parent === null) return;
        if (kind === 'remove' && !Array.isArray(parent)) delete (parent as Record<string, unknown>)[last];
        else Object.defineProperty(parent, last, { value, enumerable: true, writable: true, configurable: true });
        const json: unknown = JSON.parse(JSON.stringify(changed));
        const accepted = host(json);
        if (!accepted) refused++;
        expect(schema(json)).toBe(accepted);
        if (accepted && isComparable(json)) expect(classValidator(json as object)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it.each(VALUES.filter((value) => typeof value !== 'object' || Array.isArray(value)))(
    'both refuse %p as a whole',
    (value) => {
      const { schema, host } = judges(Leaf);
      expect({ schema: schema(value), host: host(value) }).toEqual({ schema: false, host: false });
    },
  );
});
