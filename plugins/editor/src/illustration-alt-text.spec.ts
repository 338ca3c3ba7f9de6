import { describe, expect, it } from '@jest/globals';
import { illustrationAltText } from './illustration-alt-text.js';

describe('illustrationAltText — says what is to be seen', () => {
  it.each([
    ['T', ['a', 'b', 'c', 'd'], 'Illustration of the article “T”: a, b and c'],
    ['T', ['a'], 'Illustration of the article “T”: a'],
    [' ', [], 'Illustration of the article'],
  ])('%s, %j', (title, terms, text) => {
    expect(illustrationAltText(title, terms)).toBe(text);
  });
});
