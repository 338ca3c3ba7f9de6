/**
 * The choreographer: decides every call, hands it to a plugin, and keeps its history. Any number of replicas share the
 * work with no leader. This class puts the parts together, and starts and stops them in the right order.
 */
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Bus, MicroService, Requester, StoredPublisher, serveQuery } from '@orchestrator/bus';
import {
  CatalogueBucket,
  followStream,
  provisionConsumer,
  provisionStreams,
  streamCreatedAt,
} from '@orchestrator/bus/streams';
import { Catalogue, Liveness, type Manifest } from '@orchestrator/manifest';
import {
  ContextSigner,
  Fault,
  parseBeat,
  patterns,
  randomId,
  requestsConsumer,
  STREAMS,
  subjects,
  type TreeQuery,
} from '@orchestrator/protocol';
import { SpanQueue } from '@orchestrator/telemetry';
import { HistoryProjection } from './adapters/history-projection.js';
import { HistoryWriter } from './adapters/history-writer.js';
import { DurableRequests } from './application/durable-requests.js';
import { Gate } from './application/gate.js';
import { History } from './application/history.js';
import { HostReports } from './application/host-reports.js';
import { OpenWork } from './application/open-work.js';
import { SyncCalls } from './application/sync-calls.js';
import { parseTreeQuery } from './domain/tree-query.js';
import type { ChoreographerSettings } from './settings.js';

export const BUS = Symbol('bus');
export const SETTINGS = Symbol('settings');

const SWEEP_MS = 250;
const EVENT_SHARDS = 64;

@Injectable()
export class Choreographer implements OnApplicationShutdown {
  readonly #logger = new Logger('Choreographer');
  readonly #bus: Bus;
  readonly #settings: ChoreographerSettings;
  readonly #catalogue = new Catalogue();
  readonly #liveness: Liveness;
  readonly #instance = randomId().slice(0, 16);
  readonly #stops: (() => Promise<void> | void)[] = [];

  constructor(@Inject(BUS) bus: Bus, @Inject(SETTINGS) settings: ChoreographerSettings) {
    this.#bus = bus;
    this.#settings = settings;
    this.#liveness = new Liveness(settings.livenessMs);
  }

  async start(): Promise<void> {
    const bus = this.#bus;
    await provisionStreams(bus, { retentionMs: this.#settings.retentionMs });
    await provisionConsumer(bus, requestsConsumer);
    await this.#watchCatalogue();

    const onError = (error: unknown) => this.#logger.warn(Fault.from(error).message);
    const publisher = new StoredPublisher(bus);
    const requester = new Requester(bus);
    const projection = await this.#openProjection(onError);
    const writer = new HistoryWriter(publisher, Number.parseInt(this.#instance, 16) % EVENT_SHARDS);
    const endpoint = this.#settings.otlpEndpoint;
    const history = new History(writer, endpoint === undefined ? undefined : SpanQueue.toOtlp(endpoint));
    const signer = new ContextSigner(this.#settings.contextKeys);
    const gate = new Gate(this.#catalogue, this.#liveness, signer, this.#settings.maxDepth);

    const calls = new SyncCalls(bus, gate, history, this.#settings.maxForwarded);
    const requests = new DurableRequests({ bus, requester, publisher, gate, history, projection, onError });
    const openWork = new OpenWork({ bus, requester, publisher, gate, history, projection, onError });
    this.#serveQueries(projection);
    this.#sweepInstances(calls);
    const reports = new HostReports(bus, [
      (plugin, report) => calls.onReport(plugin, report),
      (plugin, report) => requests.onReport(plugin, report),
    ]);
    for (const part of [reports, calls, requests, openWork]) part.start();
    this.#stops.push(
      () => Promise.all([calls.stop(), requests.stop(), openWork.stop()]).then(() => {}),
      () => history.close(),
      () => bus.nc.drain(),
      () => projection.close(),
    );
  }

  /** Takes nothing new, ends what it has begun, writes what it knows. */
  async onApplicationShutdown(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }

  async #watchCatalogue(): Promise<void> {
    const bucket = await CatalogueBucket.open(this.#bus);
    await bucket.watch(
      ({ plugin, version, manifest }) => {
        if (manifest === undefined) this.#catalogue.remove(plugin, version);
        else this.#catalogue.set(manifest as Manifest);
      },
      (key) => this.#logger.error(`The catalogue entry ${key} is not readable.`),
    );
    this.#bus.nc.subscribe(patterns.beats, {
      callback: (error, msg) => {
        if (error) return;
        const { plugin, version, instance } = parseBeat(msg.subject);
        if (msg.data.length > 0) this.#liveness.leave(plugin, version, instance);
        else this.#liveness.beat(plugin, version, instance, Date.now());
      },
    });
  }

  async #openProjection(onError: (error: unknown) => void): Promise<HistoryProjection> {
    const created = await streamCreatedAt(this.#bus, STREAMS.events.name);
    const projection = HistoryProjection.open(created, this.#settings.dataDir);
    await followStream(this.#bus, STREAMS.events.name, projection.nextSequence, ({ sequence, data }) => {
      try {
        projection.apply(sequence, Buffer.from(data).toString());
      } catch (error) {
        onError(error);
      }
    });
    return projection;
  }

  #serveQueries(projection: HistoryProjection): void {
    serveQuery(this.#bus, 'choreographer', 'tree', (args) => {
      const query: TreeQuery = parseTreeQuery(args);
      const tree = projection.tree(query);
      if (!tree) throw new Fault('not-found', 'The history holds nothing of that.', { ...query });
      return tree;
    });
    new MicroService(this.#bus, {
      name: 'choreographer',
      id: this.#instance,
      version: '0.1.0',
      description: 'Admits, places and records every call.',
      endpoints: [{ name: 'tree', subject: subjects.query('choreographer', 'tree') }],
    });
  }

  #sweepInstances(calls: SyncCalls): void {
    const timer = setInterval(() => calls.onLost(this.#liveness.expire(Date.now())), SWEEP_MS);
    this.#stops.push(() => clearInterval(timer));
  }
}
