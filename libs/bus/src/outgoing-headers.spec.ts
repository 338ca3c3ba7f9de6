import { describe, expect, it } from '@jest/globals';
import { headers as clientHeaders } from '@nats-io/transport-node';
import { OutgoingHeaders } from './outgoing-headers.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('OutgoingHeaders', () => {
  it('writes the very bytes that the client would', () => {
    const theirs = clientHeaders();
    const ours = new OutgoingHeaders();
    for (const [name, value] of [
      ['ce-id', 'k-1'],
      ['orc-context', '1|a|b'],
      ['ce-subject', 'editör.copy-edit'],
    ] as const) {
      theirs.set(name, value);
      ours.add(name, value);
    }
    expect(text(ours.encode())).toBe(text((theirs as unknown as { encode(): Uint8Array }).encode()));
  });

  it.each(['a\nb', 'a\rb', 'a\r\nce-id: x'])('refuses %j, which would be a header of its own', (value) => {
    expect(() => new OutgoingHeaders().add('ce-id', value)).toThrow('line end');
  });
});
