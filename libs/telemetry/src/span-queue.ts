import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** After a batch that did not arrive, the queue rests for this many intervals. */
const FAILING_INTERVALS = 10;

export interface SpanQueueOptions {
  /** Spans that wait at most; what comes after is dropped and counted. @default 20000 */
  readonly maxSpans?: number;
  /** @default 512 */
  readonly batchSize?: number;
  /** A batch that is not full leaves after this time. @default 200 */
  readonly intervalMs?: number;
}

/**
 * Between the choreographer and OTLP: bounded, so that a slow or absent collector costs spans and never memory or time.
 * A batch that could not be sent goes to the front of the queue again.
 */
export class SpanQueue {
  readonly #exporter: SpanExporter;
  readonly #options: Required<SpanQueueOptions>;
  #waiting: ReadableSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  /** The last batch did not arrive: until the pause is over, a full batch is no reason to try again. */
  #failing = false;
  #closed = false;
  #dropped = 0;

  constructor(exporter: SpanExporter, options: SpanQueueOptions = {}) {
    this.#exporter = exporter;
    this.#options = { maxSpans: 20_000, batchSize: 512, intervalMs: 200, ...options };
  }

  /** @param endpoint base of an OTLP/HTTP receiver, as in `OTEL_EXPORTER_OTLP_ENDPOINT` */
  static toOtlp(endpoint: string, options?: SpanQueueOptions): SpanQueue {
    const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
    return new SpanQueue(new OTLPTraceExporter({ url, timeoutMillis: 5_000 }), options);
  }

  /** Spans lost because the queue was full, or closed. */
  get dropped(): number {
    return this.#dropped;
  }

  offer(span: ReadableSpan): void {
    if (this.#closed || this.#waiting.length >= this.#options.maxSpans) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(span);
    if (this.#sending) return;
    if (this.#waiting.length >= this.#options.batchSize && !this.#failing) this.#send();
    else this.#sendIn(this.#options.intervalMs);
  }

  /** Sends what waits, once; what does not arrive is counted as dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#sending;
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0 && (await this.#sendBatch())) {
      // until the queue is empty or the collector does not answer
    }
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
    await this.#exporter.shutdown();
  }

  #sendIn(delayMs: number): void {
    this.#timer ??= setTimeout(() => this.#send(), delayMs);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendBatch().then((sent) => {
      this.#sending = undefined;
      this.#failing = !sent;
      if (this.#waiting.length === 0 || this.#closed) return;
      if (sent && this.#waiting.length >= this.#options.batchSize) return this.#send();
      this.#sendIn(this.#options.intervalMs * (sent ? 1 : FAILING_INTERVALS));
    });
  }

  /** Answers whether the batch arrived; one that did not waits again, before what came since. */
  async #sendBatch(): Promise<boolean> {
    const batch = this.#waiting.splice(0, this.#options.batchSize);
    const sent = await exported(this.#exporter, batch);
    if (!sent) {
      const waiting = [...batch, ...this.#waiting];
      this.#waiting = waiting.slice(0, this.#options.maxSpans);
      this.#dropped += waiting.length - this.#waiting.length;
    }
    return sent;
  }
}

function exported(exporter: SpanExporter, batch: ReadableSpan[]): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      exporter.export(batch, (result) => resolve(result.code === ExportResultCode.SUCCESS));
    } catch {
      resolve(false);
    }
  });
}
