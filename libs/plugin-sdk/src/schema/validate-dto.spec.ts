import { describe, expect, it } from '@jest/globals';
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { validateDto } from './validate-dto.js';

class Colour {
  @Matches(/^#[0-9a-f]{6}$/) hex!: string;
}

class Node {
  @IsOptional() @ValidateNested() @Type(() => Node) child?: Node;
}

class Input {
  @IsString() @MinLength(2) @MaxLength(3) title!: string;
  @IsOptional() @IsInt({ message: '$property of $target: $value is no whole number' }) count?: number | null;
  @IsArray() @ArrayMinSize(1) @IsString({ each: true }) tags: string[] = ['a'];
  @ValidateNested() @Type(() => Colour) main!: Colour;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Colour) others?: Colour[];
}

const good = { title: 'abc', main: { hex: '#000000' }, others: [{ hex: '#ffffff' }] };

describe('validateDto', () => {
  it('makes instances, nested ones too, with defaults for what is absent', () => {
    const verdict = validateDto(Input, good);
    const value = verdict.ok ? verdict.value : undefined;
    expect(value).toBeInstanceOf(Input);
    expect(value?.main).toBeInstanceOf(Colour);
    expect(value?.others?.[0]).toBeInstanceOf(Colour);
    expect(value).toEqual({ ...good, tags: ['a'] });
  });

  it('leaves the value that it was given as it was', () => {
    const value = structuredClone(good);
    validateDto(Input, value);
    expect(value).toEqual(good);
    expect(value.main).not.toBeInstanceOf(Colour);
  });

  it('names every wrong field, nested ones too, by JSON pointer', () => {
    const verdict = validateDto(Input, {
      count: 1.5,
      tags: ['a', 1, null],
      main: { hex: 'red', 'a/b': 1 },
      others: [{ hex: '#000000' }, {}, 'blue'],
      '~': 1,
    });
    expect(verdict).toEqual({
      ok: false,
      problems: [
        { pointer: '/~0', message: 'unknown field; known are title, count, tags, main, others' },
        { pointer: '/title', message: 'is missing: must be a string' },
        { pointer: '/count', message: 'count of Input: 1.5 is no whole number' },
        { pointer: '/tags/1', message: 'must be a string' },
        { pointer: '/tags/2', message: 'must be a string' },
        { pointer: '/main/a~1b', message: 'unknown field; known are hex' },
        { pointer: '/main/hex', message: 'must match /^#[0-9a-f]{6}$/ regular expression' },
        { pointer: '/others/1/hex', message: 'is missing: must match /^#[0-9a-f]{6}$/ regular expression' },
        { pointer: '/others/2', message: 'must be an object' },
      ],
    });
  });

  it('tells all that is wrong with a value of the right type, and only its type otherwise', () => {
    expect(validateDto(Input, { ...good, title: 7 })).toMatchObject({
      problems: [{ pointer: '/title', message: 'must be a string' }],
    });
    expect(validateDto(Input, { ...good, title: 'abcd' })).toMatchObject({
      problems: [{ pointer: '/title', message: 'must be shorter than or equal to 3 characters' }],
    });
    expect(validateDto(Input, { ...good, main: [], others: {}, tags: [] })).toMatchObject({
      problems: [
        { pointer: '/tags', message: 'must contain at least 1 elements' },
        { pointer: '/main', message: 'must be an object' },
        { pointer: '/others', message: 'must be a list' },
      ],
    });
  });

  it.each([undefined, null, 1, 'text', []])('refuses %p as a whole', (value) => {
    expect(validateDto(Input, value)).toEqual({ ok: false, problems: [{ pointer: '', message: 'must be an object' }] });
  });

  it('takes undefined for absent, and null only where it is optional', () => {
    expect(validateDto(Input, { ...good, count: undefined, extra: undefined }).ok).toBe(true);
    expect(validateDto(Input, { ...good, count: null }).ok).toBe(true);
    expect(validateDto(Input, { ...good, tags: null }).ok).toBe(false);
    expect(validateDto(Input, { ...good, main: null }).ok).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('refuses the field %s', (key) => {
    const value: unknown = JSON.parse(`{"title":"abc","main":{"hex":"#000000"},"${key}":{"title":"x"}}`);
    expect(validateDto(Input, value)).toMatchObject({ problems: [{ pointer: `/${key}` }] });
  });

  it('takes no value however deep: the stack is not for callers to exhaust', () => {
    const deep = (depth: number): unknown => JSON.parse(`${'{"child":'.repeat(depth)}null${'}'.repeat(depth)}`);
    expect(validateDto(Node, deep(256)).ok).toBe(true);
    expect(validateDto(Node, deep(257)).ok).toBe(false);
    expect(validateDto(Node, deep(50_000)).ok).toBe(false);
  });

  it('bounds how much it says', () => {
    const verdict = validateDto(Input, { ...good, tags: Array.from({ length: 10_000 }, () => 1) });
    expect(verdict.ok ? [] : verdict.problems).toHaveLength(101);
  });
});
