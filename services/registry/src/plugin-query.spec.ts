import { describe, expect, it } from '@jest/globals';
import { parsePluginQuery } from './plugin-query.js';

describe('parsePluginQuery', () => {
  it('takes what fits', () => {
    expect(parsePluginQuery({})).toEqual({ after: undefined, names: undefined });
    expect(parsePluginQuery({ after: 'a@1.0.0', names: ['a'] })).toEqual({ after: 'a@1.0.0', names: new Set(['a']) });
  });

  it('refuses the rest, with all that is wrong', () => {
    expect(() => parsePluginQuery({ after: 1, names: ['a', 2], name: 'a' })).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        details: {
          problems: ['/name', '/after', '/names'].map((pointer) => ({ pointer, message: expect.any(String) })),
        },
      }),
    );
  });
});
