import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hexFromOklch, mix, oklchFromHex, parseHex } from './colour.js';
import { contrastRatio, readableOn, SHAPE_CONTRAST, TEXT_CONTRAST } from './contrast.js';

const anyHex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

describe('contrastRatio', () => {
  it('is the ratio of WCAG', () => {
    expect(contrastRatio('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrastRatio('#777777', '#ffffff')).toBeCloseTo(4.478, 3);
    expect(contrastRatio('#ff0000', '#ff0000')).toBe(1);
  });
});

describe('readableOn', () => {
  it('reaches what text needs, for any two colours', () => {
    fc.assert(
      fc.property(anyHex, anyHex, fc.constantFrom(SHAPE_CONTRAST, TEXT_CONTRAST), (ground, wanted, ratio) => {
        expect(contrastRatio(ground, readableOn(ground, wanted, ratio))).toBeGreaterThanOrEqual(ratio);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves a colour alone that can be read already', () => {
    expect(readableOn('#ffffff', '#1b2a41', TEXT_CONTRAST)).toBe('#1b2a41');
  });

  it('keeps the hue of what it moves', () => {
    const moved = readableOn('#0b3d2e', '#0b3d8f', TEXT_CONTRAST);
    expect(oklchFromHex(moved).hue).toBeCloseTo(oklchFromHex('#0b3d8f').hue, 1);
  });
});

describe('colours', () => {
  it('survive OKLCH and back', () => {
    fc.assert(
      fc.property(anyHex, (hex) => {
        expect(hexFromOklch(oklchFromHex(hex))).toBe(hex);
      }),
    );
  });

  it('mix from one end to the other', () => {
    fc.assert(
      fc.property(anyHex, anyHex, (from, to) => {
        expect(mix(from, to, 0)).toBe(from);
        expect(mix(from, to, 1)).toBe(to);
      }),
    );
  });

  it('are read in both lengths and in any case, and nothing else is', () => {
    expect(parseHex('#Fa0')).toBe('#ffaa00');
    expect(parseHex('#FFAA00')).toBe('#ffaa00');
    for (const text of ['', 'fff', '#ffff', '#ffaa0080', 'red', '#ggg', '#fff\n', 'url(#x)']) {
      expect(parseHex(text)).toBeUndefined();
    }
  });
});
