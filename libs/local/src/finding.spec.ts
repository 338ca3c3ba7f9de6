import { describe, expect, it } from '@jest/globals';
import {
  type Answer,
  type Answers,
  ComponentMissingError,
  chooseSource,
  judgeBinary,
  parseVersionOutput,
  WAYS,
} from './finding.js';
import { JAEGER, NATS_SERVER } from './versions.js';

const absent: Answer = { absent: 'not here' };

describe('chooseSource', () => {
  const all: Answers = {
    address: { found: 'nats://elsewhere' },
    path: { found: '/usr/bin/nats-server' },
    cache: { found: '/tools/nats-server' },
    go: { found: '/usr/bin/go' },
    docker: { found: '/usr/bin/docker' },
  };
  const expected = [
    { kind: 'address', url: 'nats://elsewhere' },
    { kind: 'binary', path: '/usr/bin/nats-server' },
    { kind: 'binary', path: '/tools/nats-server' },
    { kind: 'go', go: '/usr/bin/go' },
    { kind: 'docker', docker: '/usr/bin/docker' },
  ];

  it.each(WAYS.map((way, index) => [way, index] as const))('chooses %s when nothing before it serves', (_, index) => {
    const answers: Answers = { ...all };
    for (const way of WAYS.slice(0, index)) answers[way] = absent;
    expect(chooseSource(answers)).toEqual(expected[index]);
  });

  it('chooses nothing while no way that was asked serves', () => {
    expect(chooseSource({})).toBeUndefined();
    expect(chooseSource({ address: absent, path: absent, cache: absent })).toBeUndefined();
  });
});

describe('parseVersionOutput', () => {
  it.each([
    ['nats-server: v2.15.2', '2.15.2'],
    ['nats-server: v2.16.0-RC.1', '2.16.0-RC.1'],
    ['{"gitCommit":"a1b2","gitVersion":"v2.13.0","buildDate":"2025-12-01T00:00:00Z"}', '2.13.0'],
    ['{"gitCommit":"","gitVersion":"","buildDate":""}', undefined],
    ['usage: nats-server', undefined],
  ])('reads %j as %s', (output, version) => {
    expect(parseVersionOutput(output)).toBe(version);
  });
});

describe('judgeBinary', () => {
  it('accepts the minimum and what is newer', () => {
    for (const version of ['2.15.0', '2.15.2', '2.16.0', '3.0.0']) {
      expect(judgeBinary(NATS_SERVER, '/bin/nats-server', version)).toEqual({ found: '/bin/nats-server', version });
    }
  });

  it('refuses an older one, a release candidate of the minimum and one that does not tell', () => {
    for (const version of ['2.9.25', '2.15.0-RC.1', '1.4.1']) {
      expect(judgeBinary(NATS_SERVER, '/bin/x', version)).toEqual({ absent: `/bin/x is ${version}, which is too old` });
    }
    expect(judgeBinary(NATS_SERVER, '/bin/x', undefined)).toEqual({ absent: '/bin/x does not tell its version' });
  });
});

describe('ComponentMissingError', () => {
  it.each([NATS_SERVER, JAEGER])('names every way and why it did not serve: $name', (component) => {
    const answers: Answers = Object.fromEntries(WAYS.map((way) => [way, { absent: `no ${way} today` }]));
    const { message } = new ComponentMissingError(component, answers);
    for (const way of WAYS) expect(message).toContain(`now: no ${way} today`);
    expect(message).toContain(`export ${component.addressVariable}=${component.addressExample}`);
    expect(message).toContain(component.releases);
    expect(message).toContain(component.goModule);
    expect(message).toContain(component.image);
  });

  it('is silent about a way that was not asked, as it would not do', () => {
    const { message } = new ComponentMissingError(NATS_SERVER, { path: { absent: 'no path today' } });
    expect(message.split('\n').filter((line) => line.startsWith('  - '))).toHaveLength(1);
    expect(message).not.toContain(NATS_SERVER.addressVariable);
  });
});
