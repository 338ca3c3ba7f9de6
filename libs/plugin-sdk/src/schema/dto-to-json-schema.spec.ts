import { describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsCreditCard,
  IsDate,
  IsDefined,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsISO8601,
  IsNotEmpty,
  IsNotIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  Validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
} from 'class-validator';
import { type DtoClass } from './dto-definition.js';
import { dtoToJsonSchema } from './dto-to-json-schema.js';
import { EmptyDto } from './empty-dto.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

enum Tone {
  plain,
  formal,
}

class Position {
  @IsInt() @Min(1) line!: number;
}

class Edit extends Position {
  @IsString() @IsNotEmpty() rule!: string;
}

class Section {
  @IsString() title!: string;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Section) sections?: Section[];
}

class Everything {
  @IsString() @Length(1, 80) title!: string;
  @IsOptional() @MaxLength(20) subtitle?: string | null;
  @Matches(/^[a-z-]+$/) slug!: string;
  @IsNumber() @IsPositive() @Max(1) share!: number;
  @IsBoolean() draft = true;
  @IsEnum(Tone) tone!: Tone;
  @IsOptional() @IsIn(['a', 'b']) kind?: 'a' | 'b';
  @IsString() @IsNotIn(['', 'x']) other!: string;
  @ArrayNotEmpty() @ArrayMaxSize(3) @ArrayUnique() @MinLength(2, { each: true }) tags!: string[];
  @IsObject() free!: object;
  @Allow() anything: unknown;
  @IsDefined() something: unknown;
  @ValidateNested() edit!: Edit;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Section) outline?: Section[];
}

/** A class with one property `value`, decorated so. */
function withValue(...decorators: readonly PropertyDecorator[]): DtoClass {
  class Input {
    value: unknown;
  }
  for (const decorate of decorators) decorate(Input.prototype, 'value');
  return Input;
}

describe('dtoToJsonSchema', () => {
  it('expresses every decorator, nested classes, inheritance and recursion', () => {
    expect(dtoToJsonSchema(Everything)).toEqual({
      $schema: DIALECT,
      title: 'Everything',
      type: 'object',
      properties: {
        title: { type: 'string', minLength: 1, maxLength: 80 },
        subtitle: { type: ['string', 'null'], maxLength: 20 },
        slug: { type: 'string', pattern: '^[a-z-]+$' },
        share: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
        draft: { type: 'boolean', default: true },
        tone: { type: 'number', enum: [0, 1] },
        kind: { type: ['string', 'null'], enum: ['a', 'b', null] },
        other: { type: 'string', minLength: 1, not: { enum: ['x'] } },
        tags: {
          type: 'array',
          minItems: 1,
          maxItems: 3,
          uniqueItems: true,
          items: { type: 'string', minLength: 2 },
        },
        free: { type: 'object' },
        anything: {},
        something: { not: { enum: [null] } },
        edit: { $ref: '#/$defs/Edit' },
        outline: { type: ['array', 'null'], items: { $ref: '#/$defs/Section' } },
      },
      required: ['title', 'slug', 'share', 'tone', 'other', 'tags', 'free', 'something', 'edit'],
      additionalProperties: false,
      $defs: {
        Edit: {
          title: 'Edit',
          type: 'object',
          properties: { rule: { type: 'string', minLength: 1 }, line: { type: 'integer', minimum: 1 } },
          required: ['rule', 'line'],
          additionalProperties: false,
        },
        Section: {
          title: 'Section',
          type: 'object',
          properties: {
            title: { type: 'string' },
            sections: { type: ['array', 'null'], items: { $ref: '#/$defs/Section' } },
          },
          required: ['title'],
          additionalProperties: false,
        },
      },
    });
  });

  it('refers to the root from within itself', () => {
    expect(dtoToJsonSchema(Section)).toMatchObject({ properties: { sections: { items: { $ref: '#' } } } });
  });

  it('keeps classes of the same name apart', () => {
    const first = withValue(IsInt());
    const second = withValue(IsString());
    class Both {
      @ValidateNested() @Type(() => first) first!: object;
      @ValidateNested() @Type(() => second) second!: object;
    }
    expect(dtoToJsonSchema(Both)).toMatchObject({
      properties: { first: { $ref: '#/$defs/Input' }, second: { $ref: '#/$defs/Input2' } },
      $defs: {
        Input: { properties: { value: { type: 'integer' } } },
        Input2: { properties: { value: { type: 'string' } } },
      },
    });
  });

  it('tells a default only if it is the same every time', () => {
    let count = 0;
    class Defaults {
      @IsString() fixed = 'a';
      @IsInt() counted = count++;
      @IsArray() @IsString({ each: true }) list: string[] = [];
    }
    const schema = dtoToJsonSchema(Defaults);
    expect(schema.required).toBeUndefined();
    expect(schema.properties).toMatchObject({ fixed: { default: 'a' }, list: { default: [] } });
    expect(schema.properties).not.toHaveProperty('counted.default');
  });

  it('lets a class override the decorators of its ancestor, as class-validator does', () => {
    class Base {
      @MaxLength(10) text!: string;
    }
    class Narrow extends Base {
      @MaxLength(5) declare text: string;
    }
    expect(dtoToJsonSchema(Narrow)).toMatchObject({ properties: { text: { type: 'string', maxLength: 5 } } });
  });

  it('accepts a class without properties only if that is meant', () => {
    class Nothing extends EmptyDto {}
    class Forgotten {}
    const empty = { $schema: DIALECT, type: 'object', properties: {}, additionalProperties: false };
    expect(dtoToJsonSchema(EmptyDto)).toEqual({ ...empty, title: 'EmptyDto' });
    expect(dtoToJsonSchema(Nothing)).toEqual({ ...empty, title: 'Nothing' });
    expect(() => dtoToJsonSchema(Forgotten)).toThrow(
      'Forgotten: it has no validators. Decorate its properties; if it has none, extend EmptyDto.',
    );
  });

  @ValidatorConstraint()
  class IsFunny {
    validate(): boolean {
      return true;
    }
  }
  const custom = ValidateBy({ name: 'isLonger', validator: { validate: () => true } });

  it.each<[string, readonly PropertyDecorator[]]>([
    ['@IsCreditCard cannot be expressed in JSON Schema: use @Matches', [IsCreditCard()]],
    ['@IsISO8601 cannot be expressed in JSON Schema: use @IsRFC3339()', [IsISO8601()]],
    ['@IsUrl cannot be expressed in JSON Schema: use @Matches(/^https?:', [IsUrl()]],
    ['@IsEmail cannot be expressed in JSON Schema: use @Matches', [IsEmail()]],
    ['@IsDate cannot be expressed in JSON Schema: JSON has no dates', [IsDate()]],
    ['@Validate(IsFunny) cannot be expressed in JSON Schema', [Validate(IsFunny)]],
    ['@IsLonger cannot be expressed in JSON Schema', [custom]],
    ['@ValidateIf cannot be expressed in JSON Schema', [ValidateIf(() => true), IsInt()]],
    ['@IsInt with groups cannot be expressed in JSON Schema', [IsInt({ groups: ['a'] })]],
    ['@IsOptional with groups cannot be', [IsOptional({ groups: ['a'] }), IsInt()]],
    ['@IsInt with validateIf cannot be expressed', [IsInt({ validateIf: () => true })]],
    ['@Matches cannot be expressed in JSON Schema: a pattern in JSON Schema has no flags', [Matches(/a/i)]],
    ['@Matches cannot be expressed in JSON Schema: JSON Schema reads a pattern with the u flag', [Matches(/^.$/)]],
    ['@Matches cannot be expressed in JSON Schema', [Matches('a', 'i')]],
    ['@IsNumber cannot be expressed in JSON Schema: use @IsInt()', [IsNumber({ maxDecimalPlaces: 2 })]],
    ['@IsNumber cannot be expressed in JSON Schema: JSON has neither', [IsNumber({ allowInfinity: true })]],
    ['@Min cannot be expressed in JSON Schema: give a finite number', [Min(Number.NaN)]],
    ['@MinLength cannot be expressed in JSON Schema: give a whole number', [MinLength(-1)]],
    ['@IsIn cannot be expressed in JSON Schema: list the values', [IsIn([])]],
    ['@IsIn cannot be expressed in JSON Schema: list strings', [IsIn([{}])]],
    ['@Equals cannot be expressed in JSON Schema: list strings', [Equals(undefined)]],
    [
      '@ArrayUnique cannot be expressed in JSON Schema: leave the function out',
      [ArrayUnique((each: string) => each[0])],
    ],
    ['@ArrayUnique compares objects otherwise', [IsArray(), ArrayUnique()]],
    ['@ValidateNested does not tell the class of its objects. Add @Type', [ValidateNested()]],
    ['@Type converts values that JSON Schema would refuse', [IsInt(), Type(() => Number)]],
    ['@Transform cannot be expressed in JSON Schema', [IsInt(), Transform(() => 1)]],
    ['@Expose would make the object differ', [IsInt(), Expose({ name: 'other' })]],
    ['@Exclude would make the object differ', [IsInt(), Exclude()]],
    [
      '@Type with a discriminator is not supported',
      [ValidateNested(), Type(() => Position, { discriminator: { property: 'kind', subTypes: [] } })],
    ],
  ])('refuses by name: %s', (message, decorators) => {
    expect(() => dtoToJsonSchema(withValue(...decorators))).toThrow(`Input.value: ${message}`);
    expect(() => dtoToJsonSchema(withValue(...decorators))).toThrow(
      expect.objectContaining({ code: 'invalid-argument', details: { class: 'Input', property: 'value' } }),
    );
  });

  it('refuses a field without validator, a bad default, a taken name, and a constructor that wants arguments', () => {
    class Bare {
      @IsInt() a!: number;
      b = 1;
    }
    class BadDefault {
      @IsString() @MinLength(3) a = 'b';
    }
    class Taken {
      @IsInt() hasOwnProperty!: never;
    }
    class Wanting {
      @IsInt() a: number;
      constructor(options?: { a: number }) {
        if (!options) throw new Error('no options');
        this.a = options.a;
      }
    }
    expect(() => dtoToJsonSchema(Bare)).toThrow('Bare.b: it has no validator');
    expect(() => dtoToJsonSchema(BadDefault)).toThrow(
      'BadDefault.a: its own default value does not fit: must be longer than or equal to 3 characters.',
    );
    expect(() => dtoToJsonSchema(Taken)).toThrow('Taken.hasOwnProperty: every object');
    expect(() => dtoToJsonSchema(Wanting)).toThrow('Wanting: its constructor must work without arguments');
  });

  it('finds what cannot be expressed within nested classes too', () => {
    const nested = withValue(IsCreditCard());
    expect(() =>
      dtoToJsonSchema(
        withValue(
          ValidateNested(),
          Type(() => nested),
        ),
      ),
    ).toThrow('Input.value: @IsCreditCard');
  });
});
