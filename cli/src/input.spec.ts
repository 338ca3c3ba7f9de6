import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UsageError } from './failure.js';
import { checkWritableFolder, readArguments, readText } from './input.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-input-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** The message of the usage error that it throws. */
function complaintOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('It did not complain.');
}

describe('readText', () => {
  it('reads a file as UTF-8', () => {
    expect(readText(written('article.md', '# Ærlig talt\n'))).toBe('# Ærlig talt\n');
  });

  it('a missing file — says so, and which', () => {
    const file = join(folder, 'missing.md');
    expect(complaintOf(() => readText(file))).toBe(`Cannot read ${file}: there is no such file.`);
  });

  it('a folder — says so, and which', () => {
    const file = join(folder, 'a-folder');
    mkdirSync(file);
    expect(complaintOf(() => readText(file))).toBe(`${file} is a folder; give a file.`);
  });

  it('any other obstacle — names its code', () => {
    const file = join(written('a-file', 'x'), 'below');
    expect(complaintOf(() => readText(file))).toBe(`Cannot read ${file}: ENOTDIR.`);
  });
});

describe('readArguments', () => {
  it('JSON text — reads any object, list or text that JSON can hold', () => {
    const value = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()), fc.string());
    fc.assert(
      fc.property(value, fc.constantFrom('', ' ', '\n  '), (args, space) => {
        const text = JSON.stringify(args);
        expect(readArguments(`${space}${text}`)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('anything else — is the name of a file that holds it', () => {
    expect(readArguments(written('args.json', '{"title":"x"}'))).toEqual({ title: 'x' });
    expect(readArguments(written('number.json', '5'))).toBe(5);
    expect(complaintOf(() => readArguments('title=x'))).toContain('there is no such file');
  });

  it('text that is no JSON — says what was wrong with which input', () => {
    expect(complaintOf(() => readArguments('{title: 1}'))).toMatch(/^The value of --args is not JSON: .+\.$/);
    const file = written('bad.json', '{');
    expect(complaintOf(() => readArguments(file))).toContain(`${file} is not JSON: `);
  });

  it('throws nothing but usage errors', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => text !== '-'),
        (source) => {
          try {
            readArguments(`${folder}/none/${source}`);
            readArguments(`{${source}`);
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
          }
        },
      ),
    );
  });
});

describe('checkWritableFolder', () => {
  it.each(['there', 'not/yet/there'])('takes a folder that is %s, and makes nothing', (name) => {
    mkdirSync(join(folder, 'there'), { recursive: true });
    checkWritableFolder(join(folder, name));
    expect(existsSync(join(folder, 'not'))).toBe(false);
  });

  it('refuses a file, also on the way', () => {
    const file = written('in-the-way', '');
    for (const place of [file, join(file, 'below', 'it')]) {
      expect(complaintOf(() => checkWritableFolder(place))).toBe(`Cannot write to ${place}: ${file} is a file.`);
    }
  });
});
