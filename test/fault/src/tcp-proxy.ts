/** A TCP proxy for one client of NATS, whose network can be made to fail in known ways. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { FrameSplitter } from './nats-frames.js';
import type { NetworkFault } from './scenario.js';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** How much later everything comes while it is `late`. */
const LATE_MS = 150;
/** While deliveries are `shuffled`, each comes later by up to this. */
const SHUFFLED_MS = 200;
/** How fast a `slow` client reads. */
const SLOW_BYTES_PER_MS = 4;

export class TcpProxy {
  readonly #listener: Server;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  #state: NetworkFault | 'open' = 'open';

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#listener = createServer((client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1 and passes everything on to `targetPort` there. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#listener.listen(0, '127.0.0.1');
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** From now on, until it is set to something else. */
  set(state: NetworkFault | 'open'): void {
    const before = this.#state;
    this.#state = state;
    // A stream with a gap in it is of no use to anybody: it ends with the fault.
    if (state === 'cut' || before === 'deaf') this.#breakAll();
    for (const { client, server } of this.#links) {
      for (const socket of [client, server]) {
        if (state === 'still') socket.pause();
        else socket.resume();
      }
    }
  }

  async stop(): Promise<void> {
    this.#listener.close();
    this.#breakAll();
    await once(this.#listener, 'close');
  }

  #accept(client: Socket): void {
    if (this.#state === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const link: Link = { client, server: connect(this.#targetPort, '127.0.0.1') };
    this.#links.add(link);
    const [up, down] = [new Pipe(client, link.server), new Pipe(link.server, client)];
    const frames = new FrameSplitter();
    client.on('data', (bytes) => up.pass(bytes, this.#state === 'late' ? LATE_MS : 0));
    link.server.on('data', (bytes) => {
      for (const { bytes: frame, isDelivery } of frames.split(bytes)) this.#deliver(down, frame, isDelivery);
    });
    for (const socket of [client, link.server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {}); // 'close' follows
      socket.on('close', () => this.#break(link));
      if (this.#state === 'still') socket.pause();
    }
  }

  #deliver(down: Pipe, frame: Buffer, isDelivery: boolean): void {
    const state = this.#state;
    if (state === 'deaf') return;
    if (state === 'slow') down.pass(frame, 0, frame.length / SLOW_BYTES_PER_MS);
    else if (state === 'late') down.pass(frame, LATE_MS);
    else if (state === 'shuffled' && isDelivery) down.passAside(frame, Math.random() * SHUFFLED_MS);
    else {
      down.pass(frame);
      if (state === 'twice' && isDelivery) down.pass(frame);
    }
  }

  #break(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }

  #breakAll(): void {
    for (const link of [...this.#links]) this.#break(link);
  }
}

/** What waits in one direction; beyond this the sender is not read any more, as by a receiver that cannot keep up. */
const MAX_WAITING_BYTES = 64 * 1024;

/** One direction of a link: in order, though late. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  #waitingBytes = 0;
  #lastDueMs = 0;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
  }

  /** @param lateMs since now @param afterMs since what was passed before */
  pass(bytes: Buffer, lateMs = 0, afterMs = 0): void {
    const nowMs = performance.now();
    const dueMs = Math.max(nowMs + lateMs, this.#lastDueMs + afterMs);
    if (dueMs <= nowMs) {
      this.#to.write(bytes);
      return;
    }
    this.#lastDueMs = dueMs;
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#from.pause();
    setTimeout(() => {
      this.#waitingBytes -= bytes.length;
      if (this.#waitingBytes <= MAX_WAITING_BYTES) this.#from.resume();
      this.#to.write(bytes);
    }, dueMs - nowMs);
  }

  /** Later, and out of order. */
  passAside(frame: Buffer, lateMs: number): void {
    setTimeout(() => this.#to.write(frame), lateMs);
  }
}
