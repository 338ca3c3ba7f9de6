import { describe, expect, it } from '@jest/globals';
import { UsageError } from './failure.js';
import { parseTimeOption } from './time-option.js';

const NOW = Date.parse('2030-01-31T12:00:00Z');

describe('parseTimeOption', () => {
  it.each([
    ['45s', '2030-01-31T11:59:15Z'],
    ['30m', '2030-01-31T11:30:00Z'],
    ['2h', '2030-01-31T10:00:00Z'],
    ['7d', '2030-01-24T12:00:00Z'],
    ['2030-01-01T00:00:00+01:00', '2029-12-31T23:00:00Z'],
    ['2030-01-01', '2030-01-01T00:00:00Z'],
  ])('reads %s as %s', (text, time) => {
    expect(parseTimeOption('--since', text, NOW)).toBe(Date.parse(time));
  });

  it.each(['', 'yesterday', '2', '-2h', '2 h', '1.5h', '2030-13-01', '5'])(
    'refuses %j, and names the option',
    (text) => {
      expect(() => parseTimeOption('--since', text, NOW)).toThrow(UsageError);
      expect(() => parseTimeOption('--since', text, NOW)).toThrow('--since');
    },
  );
});
