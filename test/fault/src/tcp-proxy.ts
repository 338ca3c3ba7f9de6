/** A TCP proxy for one client, whose network can be made to fail in known ways. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { NetworkFault } from './scenario.js';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

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
    client.on('data', (bytes) => link.server.write(bytes));
    link.server.on('data', (bytes) => this.#state !== 'deaf' && client.write(bytes));
    for (const socket of [client, link.server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {}); // 'close' follows
      socket.on('close', () => this.#break(link));
      if (this.#state === 'still') socket.pause();
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
