import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { type Bus, connectBus, MicroService, ObjectStore, Requester, StoredPublisher } from '@orchestrator/bus';
import type { Manifest } from '@orchestrator/manifest';
import { parseCancelled, parseCancelNotice, patterns, randomId, subjects } from '@orchestrator/protocol';
import { Announcer } from './announcer.js';
import type { CapabilityExtras } from './capability.decorator.js';
import type { CapabilityClient } from './capability-client.js';
import { DurableHost } from './durable-host.js';
import { HostedPlugin } from './hosted-plugin.js';
import type { CapabilityHandler, HostedCapability } from './invocation-runner.js';
import { LargeValues } from './large-values.js';
import { manifestFromCode } from './manifest-from-code.js';
import type { PluginOptions } from './plugin.module.js';
import { ReportFrames } from './report-frames.js';
import { SyncHost } from './sync-host.js';

export interface PluginServerOptions {
  /** @default nats://127.0.0.1:4222 */
  readonly natsUrl?: string | undefined;
}

/** Nest's transport strategy: what `@Capability` methods are served by. */
export class PluginServer extends Server implements CustomTransportStrategy {
  readonly #options: PluginServerOptions;
  #plugin: PluginOptions | undefined;
  #client: CapabilityClient | undefined;
  #stop: (() => Promise<void>) | undefined;

  constructor(options: PluginServerOptions) {
    super();
    this.#options = options;
  }

  /** Hands over what Nest has put together. Call it before `listen`. */
  use(plugin: PluginOptions, client: CapabilityClient): void {
    this.#plugin = plugin;
    this.#client = client;
  }

  /** The manifest that the decorated methods make. @throws Fault naming what cannot be expressed */
  manifest(): Manifest {
    if (!this.#plugin) throw new Error('use() was not called');
    return manifestFromCode(
      this.#plugin,
      [...this.#hosted().values()].map((hosted) => hosted.options),
    );
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.#start(this.manifest());
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Drains: takes nothing new, ends what it holds, leaves, disconnects. */
  async close(): Promise<void> {
    await this.#stop?.();
    this.#stop = undefined;
  }

  on(): never {
    throw new Error('A plugin has no transport events.');
  }

  unwrap<T>(): T {
    throw new Error('A plugin has no underlying server.');
  }

  async #start(manifest: Manifest): Promise<void> {
    const client = this.#client;
    if (!client) throw new Error('use() was not called');
    const bus = await connectBus({ url: this.#options.natsUrl, name: manifest.name, waitForServer: true });
    try {
      await this.#serve(bus, manifest, client);
    } catch (error) {
      await bus.nc.close();
      throw error;
    }
  }

  async #serve(bus: Bus, manifest: Manifest, client: CapabilityClient): Promise<void> {
    const requester = new Requester(bus);
    const instance = randomId().slice(0, 16);
    client.attach(bus, manifest.name, new Map(manifest.uses.map((use) => [use.capability, use.range])));
    const publisher = new StoredPublisher(bus);
    const capabilities = this.#hosted();
    const announcer = new Announcer(bus, requester, manifest, instance);
    const large = new LargeValues(bus, new ObjectStore(requester, publisher), publisher, () => announcer.showLife());
    const reports = new ReportFrames(bus, manifest.name);
    const shared = { bus, requester, publisher, large, reports };
    const plugin = new HostedPlugin({ ...shared, manifest, instance, capabilities, client });
    const micro = microServiceOf(bus, manifest, instance);
    const sync = new SyncHost(bus, plugin, reports, micro);
    const durable = new DurableHost({ bus, requester, publisher, plugin, reports, micro });
    this.#stop = async () => {
      announcer.leave();
      await Promise.all([sync.stop(), durable.stop()]);
      reports.flush();
      await bus.end();
    };
    followCancellations(bus, plugin);
    sync.start();
    durable.start(await announcer.join());
  }

  #hosted(): Map<string, HostedCapability> {
    const hosted = new Map<string, HostedCapability>();
    for (const [name, handler] of this.messageHandlers) {
      const options = (handler.extras as Partial<CapabilityExtras> | undefined)?.capability;
      if (options) hosted.set(name, { options, handler: handler as unknown as CapabilityHandler });
    }
    return hosted;
  }
}

/** nats-server itself may send stored messages to this subject, where a reply subject names it: those are no notices. */
function followCancellations(bus: Bus, plugin: HostedPlugin): void {
  bus.nc.subscribe(patterns.cancelled, {
    callback: (error, msg) => {
      const notice = error || msg.headers?.get('Nats-Stream') ? undefined : parseCancelNotice(msg.string());
      if (notice) plugin.cancel(parseCancelled(msg.subject), notice);
    },
  });
}

function microServiceOf(bus: Bus, manifest: Manifest, instance: string): MicroService {
  const { name, version, description, capabilities } = manifest;
  const endpoints = capabilities.map((capability) => ({
    name: capability.name,
    subject: subjects.call({ caller: '*', plugin: name, capability: capability.name }),
    metadata: { description: capability.description },
  }));
  return new MicroService(bus, { name, id: instance, version, description, endpoints });
}
