import { describe, expect, it } from '@jest/globals';
import { Grants } from '@orchestrator/admission';
import type { Manifest } from '@orchestrator/manifest';
import { listGrants, missingGrantsWarning } from './plugin-grants.js';

const grants = Grants.parse('editor: designer.*, start-root; agent: *', undefined);
const manifest = (name: string, asks?: readonly string[]): Manifest => ({
  ...{ name, version: '1.0.0', description: '', capabilities: [], uses: [] },
  ...(asks && { grants: asks }),
});

describe('what plugins ask for', () => {
  it('is granted by name, by plugin and by everything, but to begin trees by its own name alone', () => {
    const asks = ['designer.draw', 'designer.*', 'tech.write', '*', 'start-root'];
    const { plugins } = listGrants(grants, [manifest('agent', asks), manifest('editor', asks), manifest('quiet')], {});
    expect(plugins).toEqual([
      { plugin: 'agent', version: '1.0.0', asks, granted: ['*'], missing: ['start-root'] },
      { plugin: 'editor', version: '1.0.0', asks, granted: ['designer.*', 'start-root'], missing: ['tech.write', '*'] },
    ]);
  });

  it('is told of a manifest that is not installed, too', () => {
    expect(listGrants(grants, [], { plugin: 'new', asks: ['a.b'] }).plugins).toEqual([
      { plugin: 'new', asks: ['a.b'], granted: [], missing: ['a.b'] },
    ]);
    expect(listGrants(grants, [manifest('editor'), manifest('agent')], { plugin: 'editor' }).plugins).toHaveLength(1);
  });

  it('and is not granted — is worth a warning', () => {
    expect(missingGrantsWarning(grants, manifest('editor', ['tech.write', 'designer.*']))).toMatch(
      /^editor 1\.0\.0 asks to be granted tech\.write, and is not: ORC_GRANTS="editor: tech\.write"/,
    );
    expect(missingGrantsWarning(grants, manifest('editor', ['designer.draw']))).toBeUndefined();
    expect(missingGrantsWarning(grants, manifest('quiet'))).toBeUndefined();
  });

  it('asked for in another way — is refused, with all that is wrong', () => {
    expect(() => listGrants(grants, [], { plugin: 'No', asks: [1], more: 1 })).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        details: {
          problems: ['/more', '/plugin', '/asks'].map((pointer) => ({ pointer, message: expect.any(String) })),
        },
      }),
    );
    expect(() => listGrants(grants, [], { asks: [] })).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
