import { describe, expect, it } from '@jest/globals';
import { dockerRunArgs } from './component-process.js';

describe('dockerRunArgs', () => {
  it('publishes on this machine only and passes the arguments on after the image', () => {
    const args = dockerRunArgs('n', 'nats:2.15-alpine', '1000:1000', {
      args: ['--jetstream'],
      ports: [[20_001, 4222]],
      mounts: [['/data here', '/data']],
    });
    expect(args.join(' ')).toBe(
      'run --rm --name n --user 1000:1000 --publish 127.0.0.1:20001:4222 --volume /data here:/data nats:2.15-alpine --jetstream',
    );
  });
});
