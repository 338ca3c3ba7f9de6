import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import { Personas, parsePersona } from './persona.js';
import { loadPersonas } from './persona-folder.js';

const VOSS = `---
name: elena-voss
title: Strategic Story Architect # of long standing
model: claude-test
temperature: 0.7
maxTokens: 4000
thinking: 2048
---

You are Elena Voss.

--- She writes dashes, too.
---
`;

describe('parsePersona', () => {
  it('reads front matter and system prompt', () => {
    expect(parsePersona(VOSS, 'file').persona).toEqual({
      name: 'elena-voss',
      title: 'Strategic Story Architect',
      model: 'claude-test',
      temperature: 0.7,
      maxTokens: 4000,
      thinking: { maxTokens: 2048 },
      prompt: 'You are Elena Voss.\n\n--- She writes dashes, too.\n---',
    });
    expect(parsePersona(VOSS.replaceAll('\n', '\r\n'), 'file').persona?.name).toBe('elena-voss');
  });

  it('takes its name from the file where it has no other', () => {
    expect(parsePersona('You are brief.', 'brief').persona).toEqual({ name: 'brief', prompt: 'You are brief.' });
  });

  it.each([
    ['a misspelt setting', '---\nname: a\n  \ntemprature: 1\n---\nHi', [[4, 1, /temprature .*temperature\?/]]],
    [
      'values that are none',
      '---\nname: A b\ntemperature: hot\n---\nHi',
      [
        [2, 1, /name/],
        [3, 1, /temperature/],
      ],
    ],
    ['what is not YAML', '---\nname: [a\n---\nHi', [[3, 1, /not YAML/]]],
    ['front matter without end', '---\nname: a\nHi', [[1, 1, /no end/]]],
    ['no prompt', '---\nname: a\n---\n\n', [[5, 1, /no system prompt/]]],
    ['a list', '---\n- a\n---\nHi', [[2, 1, /name: value/]]],
  ])('%s — is a problem at its place', (_, text, expected) => {
    expect(parsePersona(text, 'file').problems).toMatchObject(
      expected.map(([line, column, message]) => ({ line, column, message: expect.stringMatching(message as RegExp) })),
    );
  });
});

describe('Personas', () => {
  const personas = new Personas([
    { name: 'elena-voss', prompt: 'You are Elena.', temperature: 0.7 },
    { name: 'tom', prompt: 'You are Tom.' },
  ]);

  it('are overridden by configuration', () => {
    const changed = personas.with({ 'elena-voss': { temperature: 0.1, model: 'claude-small' } });
    expect(changed.get('elena-voss')).toEqual({
      name: 'elena-voss',
      prompt: 'You are Elena.',
      temperature: 0.1,
      model: 'claude-small',
    });
    expect(changed.get('tom')).toBe(personas.get('tom'));
    expect(() => personas.with({ elena: {} })).toThrow(Fault);
  });
});

describe('loadPersonas', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-personas-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads every persona of a folder, and says where each problem of each file is', async () => {
    writeFileSync(join(folder, 'voss.md'), VOSS);
    writeFileSync(join(folder, 'README.txt'), 'no persona');
    expect((await loadPersonas(folder)).get('elena-voss').title).toBe('Strategic Story Architect');

    writeFileSync(join(folder, 'a.md'), '---\ntemperature: 2\n---\nHi');
    writeFileSync(join(folder, 'voss-again.md'), VOSS);
    const fault = await loadPersonas(folder).catch((error: unknown) => error as Fault);
    expect(fault).toMatchObject({ code: 'invalid-argument', details: { problems: [{ line: 2 }, { line: 1 }] } });
    expect((fault as Fault).message).toContain(`${join(folder, 'a.md')}:2:1: temperature`);
    expect((fault as Fault).message).toContain('another file has the persona elena-voss');
  });

  it('without the folder — is not-found', async () => {
    await expect(loadPersonas(join(folder, 'none'))).rejects.toMatchObject({ code: 'not-found' });
  });
});
