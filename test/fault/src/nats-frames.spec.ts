import { describe, expect, it } from '@jest/globals';
import { FrameSplitter } from './nats-frames.js';

const DELIVERY = 'MSG work.1 1 $JS.ACK.ORC_WORK.c.1.2.3.4.0 4\r\na\r\nb\r\n';
const TEXT = `INFO {"a":1}\r\nPING\r\n${DELIVERY}HMSG inbox 2 12 14\r\nNATS/1.0\r\n\r\nhi\r\n`;

describe('FrameSplitter', () => {
  it('cuts what arrives in any pieces into whole frames, and knows deliveries of streams', () => {
    for (const size of [1, 3, 7, TEXT.length]) {
      const splitter = new FrameSplitter();
      const frames = [];
      for (let at = 0; at < TEXT.length; at += size)
        frames.push(...splitter.split(Buffer.from(TEXT.slice(at, at + size))));
      expect(frames.map(({ bytes }) => bytes.toString()).join('')).toBe(TEXT);
      expect(frames).toHaveLength(4);
      expect(frames.map(({ isDelivery }) => isDelivery)).toEqual([false, false, true, false]);
    }
  });
});
