/**
 * The choreographer: decides every call, hands it to a plugin, and keeps its history. Any number of replicas share the
 * work with no leader. This class puts the parts together, and starts and stops them in the right order.
 */
import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Bus, Counters, MicroService, Requester, StoredPublisher, serveQuery } from '@orchestrator/bus';
import {
  CancellationBucket,
  CatalogueBucket,
  invocationsInWork,
  provisionConsumer,
  provisionStreams,
  readStored,
  requestsStored,
} from '@orchestrator/bus/streams';
import { Catalogue, Liveness } from '@orchestrator/manifest';
import {
  attemptsConsumer,
  type CallContext,
  Cancellations,
  ContextSigner,
  dueConsumer,
  Fault,
  LIMITS,
  parseBeat,
  patterns,
  randomId,
  STREAMS,
  subjects,
  type VersionShareList,
} from '@orchestrator/protocol';
import { DeadLetterBox } from './adapters/dead-letter-box.js';
import { HistoryThreadHandle } from './adapters/history-thread-handle.js';
import { HistoryWriter } from './adapters/history-writer.js';
import { OpenInvocations } from './adapters/open-invocations.js';
import { VersionBindings } from './adapters/version-bindings.js';
import { Cancelling } from './application/cancelling.js';
import { Capacity } from './application/capacity.js';
import { serveChunkReads } from './application/chunk-reads.js';
import { Circuits } from './application/circuits.js';
import { serveDeadLetterActs } from './application/dead-letter-acts.js';
import { DurableRequests } from './application/durable-requests.js';
import { Gate } from './application/gate.js';
import { History } from './application/history.js';
import { HostReports } from './application/host-reports.js';
import { Losses } from './application/losses.js';
import { OpenWork } from './application/open-work.js';
import { listGrants, missingGrantsWarning } from './application/plugin-grants.js';
import { RecentlyPlaced } from './application/recent-work.js';
import { Redrives } from './application/redrives.js';
import { Replicas } from './application/replicas.js';
import { RequestBacklog } from './application/request-backlog.js';
import { Retries } from './application/retries.js';
import { SpendingReports } from './application/spending-reports.js';
import { StickyTrees } from './application/sticky-trees.js';
import { SyncCalls } from './application/sync-calls.js';
import { TreeCounts } from './application/tree-counts.js';
import { WaitingRequests } from './application/waiting-requests.js';
import { WorkRoom } from './application/work-room.js';
import type { ChoreographerSettings } from './settings.js';

export const BUS = Symbol('bus');
export const SETTINGS = Symbol('settings');

const SWEEP_MS = 250;
const HEARTBEAT_GRACE_MS = 200;
const HEARTBEAT_POLL_MS = 20;
const EVENT_SHARDS = 64;
const QUESTIONS = [
  'tree',
  'find',
  'runs',
  'waiting',
  'run-changes',
  'dead-letters',
  'dead-letter',
  'redrive',
  'discard',
  'circuits',
  'versions',
  'grants',
  'cancel',
];

@Injectable()
export class Choreographer implements OnApplicationShutdown {
  readonly #logger = new Logger('Choreographer');
  readonly #bus: Bus;
  readonly #settings: ChoreographerSettings;
  readonly #catalogue = new Catalogue();
  readonly #liveness: Liveness;
  readonly #instance = randomId().slice(0, 16);
  #onInstalled: (plugin: string) => void = () => {};
  #onRevived: (plugin: string, version: string) => void = () => {};
  #onRemoved: (plugin: string, version: string) => void = () => {};
  readonly #stops: (() => Promise<void> | void)[] = [];

  constructor(@Inject(BUS) bus: Bus, @Inject(SETTINGS) settings: ChoreographerSettings) {
    this.#bus = bus;
    this.#settings = settings;
    this.#liveness = new Liveness(settings.livenessMs);
  }

  async start(): Promise<void> {
    const bus = this.#bus;
    const { objects, maxima } = this.#settings;
    await provisionStreams(bus, this.#settings);
    for (const consumer of [attemptsConsumer, dueConsumer]) await provisionConsumer(bus, consumer);
    const installed = await this.#watchCatalogue();
    const news = () => installed.news();

    const onError = (error: unknown) => this.#logger.warn(Fault.from(error).message);
    const publisher = new StoredPublisher(bus);
    const requester = new Requester(bus);
    const shard = Number.parseInt(this.#instance.slice(-4), 16) % EVENT_SHARDS;
    const thread = await this.#startHistoryThread(subjects.event(shard));
    const invocations = new OpenInvocations(thread.file, thread.seen, (sequence) =>
      readStored(bus, STREAMS.events.name, sequence),
    );
    const writer = new HistoryWriter(publisher, shard);
    const history = new History(writer);
    const dropped = { records: () => writer.dropped, spans: () => thread.spansDropped };
    const losses = new Losses(dropped, (text) => this.#logger.warn(text));
    const signer = new ContextSigner(this.#settings.contextKeys);
    const cancellations = new Cancellations();
    const circuits = new Circuits(this.#settings.circuit, (change, call) => {
      history.circuitChanged(call, change);
      replicas.say();
      if (change.state === 'half-open') return; // what comes of it is told
      reconsider(call.plugin);
      this.#logger.warn(`The circuit of ${call.plugin}.${call.capability} ${call.version} is ${change.state}.`);
    });
    const replicas = new Replicas(bus, this.#instance, () => circuits.list());
    const capacity = new Capacity(this.#liveness, replicas, this.#settings.capacity);
    const workRoom = new WorkRoom({
      ...{ liveness: this.#liveness, replicas, workPerInstance: this.#settings.capacity.workPerInstance, onError },
      inStream: (target) => invocationsInWork(bus, target),
      mayPass: (context) => circuits.refusal(context, Date.now()) === undefined,
      isCancelled: (context) => cancellations.covers(context),
    });
    /** Requests that wait for one version may be for another one now. */
    const reconsider = (plugin: string) => {
      if (this.#catalogue.hasChoice(plugin)) workRoom.reconsider(plugin);
    };
    this.#onInstalled = reconsider;
    this.#onRevived = (plugin, version) => {
      circuits.revived(plugin, version, Date.now());
      reconsider(plugin);
    };
    this.#onRemoved = (plugin, version) => {
      capacity.forget(plugin, version);
      workRoom.forget(plugin, version);
      circuits.forget(plugin, version);
    };
    const gate = new Gate({
      ...{
        catalogue: this.#catalogue,
        liveness: this.#liveness,
        signer,
        maxima,
        cancellations,
        capacity,
        workRoom,
        circuits,
      },
      bodyLimits: { maxPayload: bus.maxPayload, objectBytes: objects.objectBytes },
      grants: this.#settings.grants,
      shares: this.#settings.shares,
    });

    const counts = new TreeCounts(new Counters(bus, requester));
    const bindings = new VersionBindings({ bus, requester, publisher, signer });
    const sticky = new StickyTrees({ gate, bindings, workRoom });
    const { maxForwarded } = this.#settings;
    const calls = new SyncCalls({ bus, requester, gate, sticky, counts, history, news, maxForwarded });
    const letters = new DeadLetterBox(bus);
    const recent = new RecentlyPlaced(gate, history);
    const requests = new DurableRequests({
      recent,
      bus,
      requester,
      publisher,
      gate,
      sticky,
      counts,
      history,
      invocations,
      letters,
      workRoom,
      backlog: new RequestBacklog(() => requestsStored(bus)),
      maxWaitMs: this.#settings.maxWaitMs,
      news,
      onError,
    });
    await requests.provision();
    serveDeadLetterActs(bus, new Redrives({ requester, publisher, gate, invocations, box: letters }));
    const openWork = new OpenWork({ bus, requester, publisher, gate, history, invocations, onError });
    const bucket = await CancellationBucket.open(bus, this.#settings);
    const waiting = new WaitingRequests({ bus, gate, circuits: () => replicas.circuits() });
    waiting.serve();
    const decideAside = (sequence: number) => requests.onOverdue(sequence);
    const cancelling = new Cancelling({
      ...{ bus, requester, bucket, cancellations, calls, openWork, waiting, decideAside, onError },
    });
    await cancelling.start();
    this.#stops.push(() => cancelling.stop());
    const onOverdue = (sequence: number) => requests.onOverdue(sequence);
    const onPlaced = (context: CallContext) => recent.onPlaced(context);
    const retries = new Retries({ bus, requester, publisher, gate, history, onOverdue, onPlaced, onError });
    this.#answerDiscovery(() => ({
      callsUnderWay: calls.underWay,
      requestsWaiting: workRoom.waiting,
      circuits: { open: circuits.list().length, opened: circuits.opened },
      dropped: losses.counted(),
    }));
    serveQuery(bus, 'choreographer', 'circuits', () => replicas.circuits());
    serveQuery(bus, 'choreographer', 'versions', () => this.#versionShares());
    serveQuery(bus, 'choreographer', 'grants', (args) =>
      listGrants(this.#settings.grants, this.#catalogue.list(), args),
    );
    this.#sweepInstances(calls, circuits, replicas);
    const reports = new HostReports(bus, [
      (plugin, report) => calls.onReport(plugin, report),
      (plugin, report) => recent.onReport(plugin, report),
    ]);
    serveChunkReads(bus);
    const spending = new SpendingReports(bus, gate, counts);
    await this.#hearHeartbeats();
    for (const part of [replicas, reports, counts, spending, calls, requests, retries, openWork, losses]) part.start();
    this.#stops.push(
      () => replicas.stop(),
      () => Promise.all([calls.stop(), requests.stop(), retries.stop(), openWork.stop()]).then(() => {}),
      () => counts.stop(),
      () => history.flush(),
      () => losses.stop(),
      () => thread.close(),
      () => bus.end(),
      () => invocations.close(),
    );
    await bus.nc.flush(); // who is told that it is ready finds it listening
  }

  /** Takes nothing new, ends what it has begun, writes what it knows. */
  async onApplicationShutdown(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }

  async #watchCatalogue(): Promise<CatalogueBucket> {
    const bucket = await CatalogueBucket.open(this.#bus, this.#settings);
    await bucket.watch(
      ({ plugin, version, manifest }) => {
        if (manifest === undefined) {
          this.#catalogue.remove(plugin, version);
          this.#onRemoved(plugin, version);
        } else {
          this.#catalogue.set(manifest);
          this.#onInstalled(plugin);
          const warning = missingGrantsWarning(this.#settings.grants, manifest);
          if (warning) this.#logger.warn(warning);
        }
      },
      ({ key, reason }) => this.#logger.error(`The catalogue entry ${key} is not used: ${reason}.`),
    );
    this.#bus.nc.subscribe(patterns.beats, {
      callback: (error, msg) => {
        const beat = error ? undefined : parseBeat(msg.subject);
        if (!beat) return;
        const { plugin, version, instance } = beat;
        if (msg.data.length > 0) this.#liveness.leave(plugin, version, instance);
        else {
          if (!this.#liveness.isLive(plugin, version)) this.#onRevived(plugin, version);
          this.#liveness.beat(plugin, version, instance, Date.now());
        }
      },
    });
    return bucket;
  }

  /** Waits until every installed version was heard, or had its time to be: else the first calls would find nobody there. */
  async #hearHeartbeats(): Promise<void> {
    const giveUpAtMs = Date.now() + LIMITS.heartbeatMs + HEARTBEAT_GRACE_MS;
    const isHeard = () => this.#catalogue.list().every((one) => this.#liveness.isLive(one.name, one.version));
    while (!isHeard() && Date.now() < giveUpAtMs) await setTimeout(HEARTBEAT_POLL_MS);
  }

  #startHistoryThread(ownSubject: string): Promise<HistoryThreadHandle> {
    const { natsUrl, dataDir, otlpEndpoint, traceRatio, traceSlowMs } = this.#settings;
    return HistoryThreadHandle.start({
      ...{ natsUrl, dataDir, otlpEndpoint, traceRatio, traceSlowMs, ownSubject },
      onProblem: (problem) => this.#logger.warn(problem),
      onBroken: (error) => {
        this.#logger.error(`The history thread has broken down: ${error.message}`);
        process.kill(process.pid, 'SIGTERM'); // drain, and let whoever supervises start a new one
      },
    });
  }

  #answerDiscovery(data: () => unknown): void {
    new MicroService(this.#bus, {
      name: 'choreographer',
      id: this.#instance,
      version: '0.1.0',
      description: 'Admits, places and records every call.',
      endpoints: QUESTIONS.map((name) => ({ name, subject: subjects.query('choreographer', name) })),
      data,
    });
  }

  #versionShares(): VersionShareList {
    return { versions: this.#settings.shares.list() };
  }

  #sweepInstances(calls: SyncCalls, circuits: Circuits, replicas: Replicas): void {
    const timer = setInterval(() => {
      if (replicas.hearsForMs(Date.now()) > this.#settings.livenessMs) calls.onLost(this.#liveness.expire(Date.now()));
      circuits.forgetHealthy(Date.now());
    }, SWEEP_MS);
    this.#stops.push(() => clearInterval(timer));
  }
}
