import { describe, expect, it } from '@jest/globals';
import type { DeadLetterDetail } from '@orchestrator/protocol';
import pc from 'picocolors';
import { renderLetter, renderLetters } from './render-dead-letters.js';

const plain = pc.createColors(false);

function letterWith(changes: Partial<DeadLetterDetail> = {}): DeadLetterDetail {
  return {
    invocation: '1dea1cc8-709e-82ed-8df8-8697cae580e0',
    correlation: 'a'.repeat(32),
    caller: 'shop',
    plugin: 'editor',
    capability: 'copy-edit',
    fault: { code: 'failed', message: 'no' },
    source: '/plugins/editor',
    atMs: 1_767_225_600_000,
    bytes: 13,
    sequence: 7,
    body: Buffer.from('{"text":"hi"}').toString('base64'),
    headers: { 'ce-id': 'x', 'orc-fault': 'failed' },
    records: [],
    ...changes,
  };
}

describe('renderLetters', () => {
  it('is a line for each, in columns', () => {
    const lines = renderLetters([letterWith(), letterWith({ caller: 'longer-name', capability: 'x' })], plain).split(
      '\n',
    );
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^1dea1cc8-\S+ {2}\S+ \S+ {2}editor\.copy-edit {2}shop {9}failed: no$/);
    expect(lines[0]?.indexOf('failed:')).toBe(lines[1]?.indexOf('failed:'));
  });
});

describe('renderLetter', () => {
  it('shows fault, details, headers, attempts and arguments', () => {
    const ended = { state: 'ended', invocation: 'x', correlation: 'y', atMs: 1, attempt: 2, instance: 'i1' } as const;
    const fault = { code: 'failed', message: 'no', details: { why: 'so' } } as const;
    const text = renderLetter(letterWith({ fault, records: [{ ...ended, fault }] }), plain);
    for (const part of ['"why": "so"', 'ended attempt 2 on i1 failed: no', 'ce-id: x', '{\n  "text": "hi"\n}']) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('orc-fault');
  });

  it.each([
    ['no arguments', '', '(no arguments are kept)'],
    ['arguments that are no JSON', 'a\u001b[31mb\nc', 'a [31mb\nc'],
  ])('%s — says so, as text', (_what, body, expected) => {
    const text = renderLetter(letterWith({ body: Buffer.from(body).toString('base64') }), plain);
    expect(text.endsWith(expected)).toBe(true);
  });

  it('says how large arguments are that are not told', () => {
    const { body: _body, ...letter } = letterWith({ bytes: 700_000 });
    expect(renderLetter(letter, plain)).toContain('700000 bytes');
  });

  it('says where arguments are that lie in the object store, and how to fetch them', () => {
    const { body: _body, ...letter } = letterWith({ bytes: 700_000 });
    const reference = `/objects/0123456789abcdef?size=700000&sha256=${'a'.repeat(64)}`;
    const text = renderLetter({ ...letter, headers: { 'ce-dataref': reference } }, plain);
    expect(text.endsWith(`(700000 bytes in the object store: npx orchestrator objects get '${reference}')`)).toBe(true);
    const evil = renderLetter({ ...letter, headers: { 'ce-dataref': "/objects/x'; reboot; '" } }, plain);
    expect(evil).not.toContain('objects get');
  });
});

it('whatever a plugin writes into a letter — steers no terminal and breaks no line', () => {
  const evil = 'a\u001b]0;b\u0007\u009b2Jc\nd\u2028e';
  const letter = letterWith({
    ...{ invocation: evil, correlation: evil, caller: evil, plugin: evil, capability: evil, source: evil },
    fault: { code: 'failed', message: evil, details: { evil } },
    headers: { evil },
    body: Buffer.from(JSON.stringify({ evil })).toString('base64'),
  });
  expect(renderLetters([letter], plain)).not.toMatch(/[\p{Cc}\u2028]/u);
  expect(renderLetter(letter, plain)).not.toMatch(/(?!\n)[\p{Cc}\u2028]/u);
});
