/** What a nats-server sends, cut into whole messages of its protocol, so that one can be held back or doubled. Pure. */

const END = Buffer.from('\r\n');
/** The reply subject of what a stream delivers. */
const DELIVERY = / \$JS\.ACK\.\S+ /;

export interface Frame {
  readonly bytes: Buffer;
  /** Is it a delivery of a stored message, which may come twice, or in another order? */
  readonly isDelivery: boolean;
}

export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are whole now. */
  split(bytes: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    for (;;) {
      const end = this.#rest.indexOf(END);
      if (end < 0) return frames;
      const line = this.#rest.toString('latin1', 0, end);
      const hasPayload = /^H?MSG /.test(line);
      const length = end + END.length + (hasPayload ? Number(line.split(' ').at(-1)) + END.length : 0);
      if (this.#rest.length < length) return frames;
      frames.push({ bytes: this.#rest.subarray(0, length), isDelivery: hasPayload && DELIVERY.test(line) });
      this.#rest = this.#rest.subarray(length);
    }
  }
}
