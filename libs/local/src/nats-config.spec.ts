import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createNatsPasswords, natsUrlAs, natsUsers, passwordVariable, renderNatsConfig } from './nats-config.js';

const plugins = ['editor', 'designer'];
const deployed = join(process.cwd(), 'deploy/nats/nats.conf');

describe('renderNatsConfig', () => {
  it('is what deploy/nats/nats.conf holds, with passwords from the environment', () => {
    const rendered = renderNatsConfig({ plugins, password: (user) => ({ env: passwordVariable(user) }) });
    expect(readFileSync(deployed, 'utf8')).toBe(rendered);
  });

  it('uses no wildcard for a part of a token, which NATS would take literally', () => {
    const subjects = renderNatsConfig({ plugins, password: () => 'x' }).match(/"[^"]+"/g) ?? [];
    expect(subjects.length).toBeGreaterThan(50);
    for (const token of subjects.flatMap((subject) => subject.slice(1, -1).split('.'))) {
      if (/[*>]/.test(token)) expect(token).toMatch(/^[*>]$/);
    }
  });

  it('quotes a password that NATS would read as a number or a variable', () => {
    const passwords = createNatsPasswords(plugins);
    const config = renderNatsConfig({
      plugins,
      password: (user) => (user === 'editor' ? '$1234"' : (passwords[user] ?? '')),
    });
    expect(config).toContain('password: "$1234\\""');
  });
});

describe('natsUsers', () => {
  it('has the services, the plugins, the development user and the callers', () => {
    expect(natsUsers(plugins)).toEqual(['choreographer', 'registry', 'editor', 'designer', 'plugin', 'caller']);
  });

  it.each(['choreographer', 'caller', 'plugin', 'Editor', 'a.b', '*'])('refuses a plugin named %s', (name) => {
    expect(() => natsUsers([name])).toThrow(RangeError);
  });

  it('refuses the same plugin twice', () => {
    expect(() => natsUsers(['editor', 'editor'])).toThrow(RangeError);
  });
});

describe('createNatsPasswords', () => {
  it('gives each user another one', () => {
    const passwords = createNatsPasswords(plugins);
    expect(Object.keys(passwords)).toEqual(natsUsers(plugins));
    expect(new Set(Object.values(passwords)).size).toBe(6);
  });
});

describe('natsUrlAs', () => {
  it('puts user and password into the address, escaped', () => {
    expect(natsUrlAs('nats://127.0.0.1:4222', 'editor', 'a/b@c')).toBe('nats://editor:a%2Fb%40c@127.0.0.1:4222');
    expect(natsUrlAs('localhost:4222', 'editor', 'x')).toBe('nats://editor:x@localhost:4222');
  });
});
