/**
 * What is installed and what lives. A plugin announces its manifest; the registry checks it, keeps it in the bucket that
 * choreographers watch, and forgets it when no instance has lived for a while. No call passes through here: a registry
 * that is down stops none.
 */
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  type Bus,
  faultHeaders,
  MicroService,
  type Msg,
  respond,
  StoredPublisher,
  serveQuery,
} from '@orchestrator/bus';
import { type BrokenEntry, CatalogueBucket, provisionStreams } from '@orchestrator/bus/streams';
import {
  Catalogue,
  type InstalledVersion,
  Liveness,
  type Manifest,
  missingNeeds,
  type Problem,
  parseCapabilityQuery,
  refusalOf,
  registrationWarnings,
  searchCapabilities,
} from '@orchestrator/manifest';
import {
  Fault,
  type InstalledPlugin,
  LIMITS,
  type PluginPage,
  parseBeat,
  parsePluginOf,
  patterns,
  randomId,
  sendableFault,
  subjects,
  type Target,
} from '@orchestrator/protocol';
import { parseAnnouncement } from './announcement.js';
import { EventTeller } from './event-teller.js';
import { type PluginQuery, parsePluginQuery } from './plugin-query.js';
import type { RegistrySettings } from './settings.js';
import { type VersionNow, VersionStates } from './version-states.js';
import { WorkConsumers } from './work-consumers.js';

export const BUS = Symbol('bus');
export const SETTINGS = Symbol('settings');

/** How often instances are looked at; a plugin that was killed is noticed this much late at most. */
const SWEEP_MS = 250;
/** What leaves room below the `max_payload` of a server, 1 MiB. */
const MAX_PAGE_BYTES = 512 * 1024;

@Injectable()
export class Registry implements OnApplicationShutdown {
  readonly #logger = new Logger('Registry');
  readonly #bus: Bus;
  readonly #settings: RegistrySettings;
  readonly #liveness: Liveness;
  readonly #manifests = new Map<string, Manifest>();
  readonly #catalogue = new Catalogue();
  /** Since when each plugin version has had no live instance. */
  readonly #goneSinceMs = new Map<string, number>();
  /** When strangers made it ask everybody who is there: whatever they send, not oftener than their heartbeats should come. */
  #calledAtMs = 0;
  readonly #states = new VersionStates();
  readonly #events: EventTeller;
  /** The last announcement of each plugin: the next one waits until it is decided. */
  readonly #deciding = new Map<string, Promise<unknown>>();
  /** Versions whose entry in the bucket is damaged: what is announced next is stored, though it is known. */
  readonly #damaged = new Set<string>();
  readonly #consumers: WorkConsumers;
  #bucket: CatalogueBucket | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor(@Inject(BUS) bus: Bus, @Inject(SETTINGS) settings: RegistrySettings) {
    this.#bus = bus;
    this.#settings = settings;
    this.#liveness = new Liveness(settings.livenessMs);
    this.#consumers = new WorkConsumers({
      ...{ bus, leaseMs: settings.leaseMs, forgetAfterMs: settings.forgetAfterMs, isInstalled: this.#isInstalled },
      inTurn: (plugin, work) => this.#inTurn(plugin, work),
      log: (text) => this.#logger.log(text),
    });
    this.#events = new EventTeller(new StoredPublisher(bus), (error) => this.#logger.warn(Fault.from(error).message));
  }

  async start(): Promise<void> {
    const provision = { replicas: this.#settings.replicas, keepExisting: true };
    await provisionStreams(this.#bus, provision);
    this.#bucket = await CatalogueBucket.open(this.#bus, provision);
    await this.#bucket.watch(
      (change) => this.#keep(change.plugin, change.version, change.manifest),
      (entry) => this.#onDamaged(entry),
    );
    this.#bus.nc.subscribe(patterns.announcements, {
      queue: 'registry',
      callback: (_e, msg) => void this.#onAnnounce(msg),
    });
    this.#bus.nc.subscribe(patterns.beats, { callback: (_e, msg) => this.#onBeat(msg) });
    serveQuery(this.#bus, 'registry', 'plugins', (args) => this.#page(parsePluginQuery(args)));
    serveQuery(this.#bus, 'registry', 'capabilities', (args) =>
      searchCapabilities(this.#catalogue.list(), parseCapabilityQuery(args)),
    );
    new MicroService(this.#bus, {
      name: 'registry',
      id: randomId().slice(0, 16),
      version: '0.1.0',
      description: 'What is installed and what lives.',
      endpoints: ['plugins', 'capabilities'].map((name) => ({ name, subject: subjects.query('registry', name) })),
    });
    this.#sweep = setInterval(() => this.#look(), SWEEP_MS);
    this.#bus.nc.publish(subjects.rollCall());
    await this.#bus.nc.flush(); // whoever is told that this is ready may ask at once
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#bus.end().catch(() => this.#bus.nc.close()); // with NATS away there is nothing to drain
  }

  async #onAnnounce(msg: Msg): Promise<void> {
    let plugin: string | undefined;
    try {
      plugin = parsePluginOf(msg.subject, 'announce');
      const manifest = await this.#decide(plugin, msg);
      const waitingFor = missingNeeds(manifest, this.#catalogue, this.#isLive);
      const accepted = { accepted: true, leaseMs: this.#settings.leaseMs };
      respond(msg, JSON.stringify({ ...accepted, ...(waitingFor.length > 0 && { waitingFor }) }));
    } catch (error) {
      const fault = Fault.from(error);
      if (plugin !== undefined) this.#events.tell({ event: 'refused', plugin, fault: sendableFault(fault).toJSON() });
      this.#logger[fault.meaning.logLevel](`${msg.subject}: ${fault.message}`);
      respond(msg, JSON.stringify(fault), faultHeaders(fault));
    }
  }

  /** Two versions of one plugin are never decided at the same time: neither would know of the other. */
  #inTurn<T>(plugin: string, work: () => Promise<T>): Promise<T> {
    const decided = (this.#deciding.get(plugin) ?? Promise.resolve()).then(work);
    const settled = decided
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.#deciding.get(plugin) === settled) this.#deciding.delete(plugin);
      });
    this.#deciding.set(plugin, settled);
    return decided;
  }

  #decide(plugin: string, msg: Msg): Promise<Manifest> {
    return this.#inTurn(plugin, () => this.#accept(plugin, msg));
  }

  async #accept(plugin: string, msg: Msg): Promise<Manifest> {
    const { manifest, instance } = parseAnnouncement(msg.string(), plugin);
    const refusal = refusalOf(manifest, this.#versionsOf(plugin));
    if (refusal) throw refusal;
    for (const { name: capability } of manifest.capabilities) {
      await this.#consumers.provide({ plugin, version: manifest.version, capability });
    }
    const key = versionKey(plugin, manifest.version);
    const isNew = !isDeepStrictEqual(this.#manifests.get(key), manifest);
    if (isNew || this.#damaged.has(key)) {
      await this.#bucket?.put(manifest);
      this.#damaged.delete(key);
      this.#keep(plugin, manifest.version, manifest);
    }
    if (isNew) {
      this.#events.tell({ event: 'registered', plugin, version: manifest.version, ...this.#warnOf(manifest) });
    }
    if (!this.#liveness.isLive(plugin, manifest.version)) this.#logger.log(`${plugin} ${manifest.version} is here.`);
    this.#liveness.beat(plugin, manifest.version, instance, Date.now());
    this.#look();
    return manifest;
  }

  /** What was known of it still holds; a host that lives is asked to announce itself, at its next heartbeat. */
  #onDamaged({ key, reason, of }: BrokenEntry): void {
    const next = of ? 'the next announcement of its plugin mends it' : 'it is left alone';
    this.#logger.error(`The catalogue entry ${key} is not used: ${reason}; ${next}.`);
    if (!of) return;
    this.#damaged.add(versionKey(of.plugin, of.version));
  }

  /** Only when it is new: who has installed it knows. */
  #warnOf(manifest: Manifest): { warnings?: readonly Problem[] } {
    const warnings = registrationWarnings(manifest, this.#catalogue);
    for (const { pointer, message } of warnings) {
      this.#logger.warn(`${manifest.name} ${manifest.version}: ${pointer || '/'}: ${message}`);
    }
    return warnings.length > 0 ? { warnings } : {};
  }

  #versionsOf(plugin: string): InstalledVersion[] {
    const all = [...this.#manifests.values()].filter(({ name }) => name === plugin);
    return all.map((manifest) => ({ manifest, isLive: this.#liveness.isLive(plugin, manifest.version) }));
  }

  #keep(plugin: string, version: string, manifest: Manifest | undefined): void {
    const key = versionKey(plugin, version);
    this.#damaged.delete(key);
    if (manifest === undefined) {
      this.#manifests.delete(key);
      this.#catalogue.remove(plugin, version);
      this.#goneSinceMs.delete(key);
      this.#consumers.expect();
    } else {
      this.#manifests.set(key, manifest);
      this.#catalogue.set(manifest);
      this.#goneSinceMs.set(key, Date.now());
    }
  }

  #onBeat(msg: Msg): void {
    const beat = parseBeat(msg.subject);
    if (!beat) return;
    const { plugin, version, instance } = beat;
    const wasLive = this.#liveness.isLive(plugin, version);
    if (msg.data.length > 0) this.#liveness.leave(plugin, version, instance);
    else this.#liveness.beat(plugin, version, instance, Date.now());
    if (this.#liveness.isLive(plugin, version) !== wasLive) this.#look();
    const key = versionKey(plugin, version);
    const isStrange = !this.#manifests.has(key) || this.#damaged.has(key);
    if (isStrange && msg.data.length === 0 && Date.now() - this.#calledAtMs >= LIMITS.heartbeatMs) {
      this.#calledAtMs = Date.now();
      this.#bus.nc.publish(subjects.rollCall());
    }
  }

  #look(): void {
    const now = Date.now();
    // Before that, silence says nothing about plugins.
    const hearsAll = this.#bus.life.hearsForMs(now) > this.#settings.livenessMs;
    if (hearsAll) this.#expire(now);
    if (hearsAll) void this.#consumers.look(now);
    for (const event of this.#states.update(this.#living(), hearsAll)) this.#events.tell(event);
  }

  /** Asked with every change of who is there: only what is needed, and of those that live. */
  #living(): VersionNow[] {
    const living: VersionNow[] = [];
    for (const manifest of this.#manifests.values()) {
      const { name: plugin, version } = manifest;
      const instances = this.#liveness.instances(plugin, version);
      if (instances.length === 0) continue;
      living.push({ plugin, version, instances, waitingFor: missingNeeds(manifest, this.#catalogue, this.#isLive) });
    }
    return living;
  }

  #expire(now: number): void {
    for (const gone of this.#liveness.expire(now)) {
      this.#logger.warn(`${gone.plugin} ${gone.version} (${gone.instance}) has gone without a word.`);
    }
    for (const [key, manifest] of this.#manifests) {
      if (this.#liveness.isLive(manifest.name, manifest.version)) this.#goneSinceMs.set(key, now);
      else if (now - (this.#goneSinceMs.get(key) ?? now) > this.#settings.forgetAfterMs) void this.#forget(manifest);
    }
  }

  async #forget({ name, version }: Manifest): Promise<void> {
    this.#keep(name, version, undefined);
    this.#logger.log(`${name} ${version} is forgotten: no instance has lived for ${this.#settings.forgetAfterMs} ms.`);
    try {
      await this.#bucket?.remove(name, version);
    } catch (error) {
      this.#logger.warn(`It is still in the bucket: ${Fault.from(error).message}`);
    }
  }

  readonly #isInstalled = ({ plugin, version }: Target) => this.#manifests.has(versionKey(plugin, version));

  readonly #isLive = (plugin: string, version: string) => this.#liveness.isLive(plugin, version);

  /** As many as one answer holds, after the one that was last. @throws Fault `not-found` when that has gone meanwhile */
  #page({ after, names }: PluginQuery): PluginPage {
    const all = this.#list(names);
    const start =
      after === undefined ? 0 : all.findIndex(({ name, version }) => versionKey(name, version) === after) + 1;
    if (after !== undefined && start === 0) throw new Fault('not-found', 'It has gone: ask for the first page again.');
    const plugins: InstalledPlugin[] = [];
    let bytes = 0;
    for (const one of all.slice(start)) {
      bytes += Buffer.byteLength(JSON.stringify(one));
      if (plugins.length > 0 && bytes > MAX_PAGE_BYTES) break;
      plugins.push(one);
    }
    const last = plugins.at(-1);
    const isMore = start + plugins.length < all.length;
    return { plugins, ...(isMore && last && { next: versionKey(last.name, last.version) }) };
  }

  /** By name, highest version first. */
  #list(names?: ReadonlySet<string>): InstalledPlugin[] {
    const manifests = this.#catalogue.list().filter(({ name }) => names?.has(name) ?? true);
    return manifests.map((manifest) => ({
      ...manifest,
      instances: this.#liveness.instances(manifest.name, manifest.version),
      lastSeenMs: this.#liveness.lastSeen(manifest.name, manifest.version),
      waitingFor: missingNeeds(manifest, this.#catalogue, this.#isLive),
    }));
  }
}

/** @throws Fault `invalid-argument` for what is no list of names */
function versionKey(plugin: string, version: string): string {
  return `${plugin}@${version}`;
}
