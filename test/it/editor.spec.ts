/** The editor with texts that are hard on it: it lives on and serves, and what it answers fits a message. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shippedPlugins } from '@orchestrator/local';
import { LIMITS } from '@orchestrator/protocol';
import { startTestSystem, type TestSystem } from '@orchestrator/testing';

/** Costs the Markdown parser the square of its length: minutes. */
const HEAVY = 'a_b '.repeat(60_000);
/** Beyond the time after which a silent plugin counts as gone. */
const HEAVY_DEADLINE_MS = LIMITS.livenessMs + 2_000;

const PROSE =
  '## What we found\n\nIt took an hour to read the text, and another one for the notes that “nobody” had asked for.\n\n' +
  'The service runs on one machine; the second one waits.  Whoever calls it gets an answer within a second or so.\n\n';
const SLIPS = 'It doesnt take a hour to read the the text, *however* "odd" it\'s.  “Odd” it is -- so.\n\n';

interface Edited {
  readonly text: string;
  readonly edits: readonly { offset: number; before: string }[];
  readonly editsLeftOut: number;
}

describe('the editor', () => {
  let system: TestSystem;
  const copyEdit = { plugin: 'editor', capability: 'copy-edit' };
  const prepare = { plugin: 'editor', capability: 'prepare-article' };

  beforeAll(async () => {
    system = await startTestSystem({ plugins: shippedPlugins() });
  });

  afterAll(() => system?.stop());

  it('busy with a heavy text — beats on, serves others meanwhile, and gives the text up at its deadline', async () => {
    let ended = 0;
    const heavy = [copyEdit, prepare].map(async (capability) => {
      const outcome = await system.client.call(capability, { text: HEAVY }, { timeoutMs: HEAVY_DEADLINE_MS });
      ended++;
      return outcome.result;
    });
    const light = await system.client.call(copyEdit, { text: 'It took a hour.' });
    expect(light.result).toMatchObject({ ok: true, value: { text: 'It took an hour.' } });
    expect(ended).toBe(0);
    const expected = { ok: false, fault: { code: 'deadline-exceeded' } };
    expect(await Promise.all(heavy)).toMatchObject([expected, expected]);
    const large = await system.client.call(copyEdit, { text: SLIPS.repeat(1_000) });
    expect(large.result.ok).toBe(true);
  });

  it('given 200 KB of prose — prepares the article, with the list of its edits whole', async () => {
    const text = `# A long report\n\n${PROSE.repeat(200_000 / PROSE.length)}`;
    const outcome = await (await system.client.request(prepare, { text })).outcome();
    expect(outcome.result).toMatchObject({ ok: true });
    const edited = (outcome.result as { value: Edited }).value;
    expect(edited.text).not.toMatch(/waits\. {2}Whoever/);
    expect(edited.text).toContain('](illustration.svg)');
    expect(edited.edits.length).toBe(Math.floor(200_000 / PROSE.length));
    expect(edited.editsLeftOut).toBe(0);
  });

  it('given as much text as it takes, wrong everywhere — answers what fits, and says how much it leaves out', async () => {
    const text = SLIPS.repeat(LIMITS.inlineBytes / 2 / SLIPS.length);
    const outcome = await (await system.client.request(prepare, { text })).outcome();
    expect(outcome.result).toMatchObject({ ok: true });
    const edited = (outcome.result as { value: Edited }).value;
    expect(edited.edits.length).toBeGreaterThan(1_000);
    expect(edited.editsLeftOut).toBeGreaterThan(1_000);
    for (const { offset, before } of edited.edits) expect(text.slice(offset, offset + before.length)).toBe(before);
    expect(edited.text).not.toContain('the the');
  });

  it.each([
    ['more characters', 'x'.repeat(LIMITS.inlineBytes / 2 + 1), /\/text/],
    ['more bytes', 'é'.repeat(200_000), /The text has 400002 bytes/],
  ])('given %s than it takes — refuses them at once', async (_what, text, message) => {
    const { result } = await system.client.call(copyEdit, { text });
    expect(result).toMatchObject({
      ok: false,
      fault: { code: 'invalid-argument', message: expect.stringMatching(message) },
    });
  });
});
