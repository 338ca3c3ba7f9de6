import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '@orchestrator/manifest';
import { dependencyGraph, impactOf } from '@orchestrator/manifest/graph';
import pc from 'picocolors';
import { svgOf } from './graph-svg.js';
import { mermaidOf, renderGraph, renderImpact } from './render-graph.js';

const plain = pc.createColors(false);

function plugin(name: string, version: string, uses: Readonly<Record<string, string>> = {}): Manifest {
  const capabilities = [{ name: 'do', description: 'does', input: true, output: true }];
  const needs = Object.entries(uses).map(([capability, range]) => ({ capability, range }));
  return { name, version, description: 'does', capabilities, uses: needs };
}

const all = [
  plugin('editor', '1.0.0', { 'designer.do': '^1.0.0', 'tech.do': '^2.0.0' }),
  plugin('designer', '1.0.0'),
  plugin('designer', '1.1.0', { 'editor.do': '*' }),
];
const graph = dependencyGraph(all);

describe('the graph of dependencies', () => {
  it('as text — each need with what meets it, what is missing, and the circles', () => {
    expect(renderGraph(graph, plain).split('\n')).toEqual([
      'designer 1.1.0',
      '  → editor.do *  editor@1.0.0',
      'designer 1.0.0',
      'editor 1.0.0',
      '  → designer.do ^1.0.0  designer@1.1.0, or designer@1.0.0',
      '  ✗ tech.do ^2.0.0  is not installed',
      '',
      'These need each other in a circle: designer@1.1.0 → editor@1.0.0 → designer@1.1.0',
    ]);
  });

  it('as Mermaid — a box for each version and for what is missing', () => {
    expect(mermaidOf(graph).split('\n')).toEqual([
      'flowchart LR',
      '  n0["designer@1.1.0"]',
      '  n1["designer@1.0.0"]',
      '  n2["editor@1.0.0"]',
      '  n3["tech (missing)"]:::missing',
      '  n0 -->|do| n2',
      '  n2 -->|do| n0',
      '  n2 -->|do| n3',
      '  classDef missing stroke:#c00,stroke-dasharray:4',
    ]);
  });

  it('as SVG — every box within the picture, none upon another', () => {
    const svg = svgOf(graph);
    const [, width = 0, height = 0] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)?.map(Number) ?? [];
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="(\d+)" rx/g)].map(
      (match) => match.slice(1).map(Number),
    );
    expect(boxes).toHaveLength(4);
    for (const [x = 0, y = 0, w = 0, h = 0] of boxes) {
      expect(x >= 0 && y >= 0 && x + w <= width && y + h <= height).toBe(true);
      const others = boxes.filter(([a = 0, b = 0, c = 0, d = 0]) => x < a + c && a < x + w && y < b + d && b < y + h);
      expect(others).toHaveLength(1); // itself
    }
    for (const id of ['designer@1.1.0', 'designer@1.0.0', 'editor@1.0.0', 'tech (missing)'])
      expect(svg).toContain(`>${id}<`);
  });

  it('what would break — the nearest first', () => {
    const chain = [
      plugin('a', '1.0.0', { 'b.do': '*' }),
      plugin('b', '1.0.0', { 'c.do': '^1.0.0' }),
      plugin('c', '1.0.0'),
    ];
    expect(
      renderImpact(
        'c',
        impactOf(chain, ({ name }) => name === 'c'),
        plain,
      ).split('\n'),
    ).toEqual([
      'Without c, these would miss what they need:',
      '✗ b@1.0.0  needs c.do ^1.0.0',
      '  ✗ a@1.0.0  needs b.do *',
    ]);
    expect(
      renderImpact(
        'a',
        impactOf(chain, ({ name }) => name === 'a'),
        plain,
      ),
    ).toBe('Without a, everything else goes on.');
  });
});
