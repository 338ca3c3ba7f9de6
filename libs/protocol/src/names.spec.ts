import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from './fault.js';
import { LIMITS } from './limits.js';
import {
  formatCapabilityRef,
  isName,
  NAME_PATTERN,
  parseCapabilityRef,
  versionFromToken,
  versionToToken,
} from './names.js';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const version = fc.stringMatching(/^\d{1,3}\.\d{1,3}\.\d{1,3}(-[0-9A-Za-z-]{1,5}(\.[0-9A-Za-z-]{1,5}){0,2})?$/);

describe('isName', () => {
  it.each(['a', '0', 'copy-edit', 'a--b', '7-up', 'x'.repeat(LIMITS.nameLength)])('accepts %j', (text) => {
    expect(isName(text)).toBe(true);
  });

  it.each(['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a b', 'a*', '>', 'é', 'a\n', 'x'.repeat(LIMITS.nameLength + 1)])(
    'refuses %j',
    (text) => {
      expect(isName(text)).toBe(false);
    },
  );

  it('isName — accepts only what is one subject token with no wildcard', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aZ09-_.*> \n|'), maxLength: 8 }), (text) => {
        if (isName(text)) expect(text).toMatch(/^[a-z0-9-]+$/);
        expect(isName(text)).toBe(new RegExp(NAME_PATTERN, 'u').test(text));
      }),
    );
  });
});

describe('capability reference', () => {
  it('parseCapabilityRef — reads what formatCapabilityRef writes', () => {
    fc.assert(
      fc.property(name, name, (plugin, capability) => {
        const text = formatCapabilityRef({ plugin, capability });
        expect(text).toBe(`${plugin}.${capability}`);
        expect(parseCapabilityRef(text)).toEqual({ plugin, capability });
      }),
    );
  });

  it.each(['', 'editor', 'editor.', '.edit', 'a.b.c', 'Editor.edit', 'editor.*'])('refuses %j', (text) => {
    expect(() => parseCapabilityRef(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('parseCapabilityRef — throws nothing but faults', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          expect(formatCapabilityRef(parseCapabilityRef(text))).toBe(text);
        } catch (error) {
          expect(Fault.is(error)).toBe(true);
        }
      }),
    );
  });
});

describe('version token', () => {
  it('versionFromToken — reads what versionToToken writes, which is one subject token', () => {
    fc.assert(
      fc.property(version, (text) => {
        const token = versionToToken(text);
        expect(token).toMatch(/^[0-9A-Za-z_-]+$/);
        expect(versionFromToken(token)).toBe(text);
      }),
    );
  });

  it('versionToToken — writes 1.2.3-rc.1 as 1_2_3-rc_1', () => {
    expect(versionToToken('1.2.3-rc.1')).toBe('1_2_3-rc_1');
  });
});
