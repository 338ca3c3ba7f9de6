/**
 * NATS micro (ADR-32): answers `$SRV.PING|INFO|STATS[.<name>[.<id>]]`, so that `nats micro ls`, `info` and `stats`
 * show every service and plugin.
 */
import type { Bus } from './connection.js';
import { respond } from './inbox-replies.js';

export interface MicroEndpoint {
  readonly name: string;
  /** Where a caller asks for it. */
  readonly subject: string;
  readonly metadata?: Record<string, string>;
}

export interface MicroServiceOptions {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly endpoints: readonly MicroEndpoint[];
  /** What else the statistics show: ADR-32 has a place for it at each endpoint; here it stands at the first. */
  readonly data?: () => unknown;
}

interface EndpointStats {
  requests: number;
  errors: number;
  lastError: string;
  processingNs: number;
}

export class MicroService {
  readonly #options: MicroServiceOptions;
  readonly #stats = new Map<string, EndpointStats>();
  readonly #started = new Date().toISOString();

  constructor(bus: Bus, options: MicroServiceOptions) {
    this.#options = options;
    for (const endpoint of options.endpoints) {
      this.#stats.set(endpoint.name, { requests: 0, errors: 0, lastError: '', processingNs: 0 });
    }
    const answers = { PING: () => this.#ping(), INFO: () => this.#info(), STATS: () => this.#statistics() };
    for (const [verb, answer] of Object.entries(answers)) {
      for (const suffix of ['', `.${options.name}`, `.${options.name}.${options.id}`]) {
        bus.nc.subscribe(`$SRV.${verb}${suffix}`, {
          callback: (error, msg) => {
            if (!error) respond(msg, JSON.stringify(answer()));
          },
        });
      }
    }
  }

  /** Counts one handled request. */
  count(endpoint: string, durationMs: number, error?: string): void {
    const stats = this.#stats.get(endpoint);
    if (!stats) return;
    stats.requests++;
    stats.processingNs += Math.round(durationMs * 1e6);
    if (error === undefined) return;
    stats.errors++;
    stats.lastError = error;
  }

  #identity() {
    const { name, id, version } = this.#options;
    return { name, id, version, metadata: {} };
  }

  #ping() {
    return { type: 'io.nats.micro.v1.ping_response', ...this.#identity() };
  }

  #info() {
    const { description, endpoints } = this.#options;
    return {
      type: 'io.nats.micro.v1.info_response',
      ...this.#identity(),
      description,
      endpoints: endpoints.map((e) => ({
        name: e.name,
        subject: e.subject,
        queue_group: '',
        metadata: e.metadata ?? {},
      })),
    };
  }

  #statistics() {
    return {
      type: 'io.nats.micro.v1.stats_response',
      ...this.#identity(),
      started: this.#started,
      endpoints: this.#options.endpoints.map((e, n) => {
        const stats = this.#stats.get(e.name);
        const requests = stats?.requests ?? 0;
        return {
          name: e.name,
          subject: e.subject,
          queue_group: '',
          num_requests: requests,
          num_errors: stats?.errors ?? 0,
          last_error: stats?.lastError ?? '',
          processing_time: stats?.processingNs ?? 0,
          average_processing_time: requests === 0 ? 0 : Math.round((stats?.processingNs ?? 0) / requests),
          ...(n === 0 && this.#options.data && { data: this.#options.data() }),
        };
      }),
    };
  }
}
