import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateManifest } from '@orchestrator/manifest';
import { IsString } from 'class-validator';
import { manifestFromCode } from './manifest-from-code.js';

class Draft {
  @IsString() text!: string;
}

const ABOUT = { name: 'greeter', version: '1.0.0', description: 'Greets.' };
const GREET = { name: 'greet', description: 'Greets.', input: Draft, output: Draft };
const DRAFT = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };

describe('manifestFromCode — what it uses', () => {
  it('a range, or more: what it sends and relies on, as classes or schemas', () => {
    const uses = {
      'clock.now': '^1.0.0',
      'editor.copy-edit': { range: '^2.0.0', optional: true, input: Draft, output: { type: 'object' } },
    };
    const manifest = manifestFromCode({ ...ABOUT, uses }, [GREET]);
    expect(manifest.uses).toEqual([
      { capability: 'clock.now', range: '^1.0.0' },
      {
        ...{ capability: 'editor.copy-edit', range: '^2.0.0', optional: true },
        ...{ input: expect.objectContaining(DRAFT), output: { type: 'object' } },
      },
    ]);
    expect(validateManifest(manifest).problems).toBeUndefined();
  });
});
