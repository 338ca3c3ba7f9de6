import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

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

  /** Spans lost because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  offer(span: ReadableSpan): void {
    if (this.#waiting.length >= this.#options.maxSpans) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= this.#options.batchSize) void this.#send();
    else this.#timer ??= setTimeout(() => void this.#send(), this.#options.intervalMs);
  }

  /** Sends what waits, once. Resolves whether it arrived or not. */
  async close(): Promise<void> {
    await this.#sending;
    while (this.#waiting.length > 0 && (await this.#sendBatch())) {
      // until the queue is empty or the collector does not answer
    }
    await this.#exporter.shutdown();
  }

  #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= (async () => {
      const sent = await this.#sendBatch();
      this.#sending = undefined;
      if (this.#waiting.length === 0) return;
      if (sent && this.#waiting.length >= this.#options.batchSize) void this.#send();
      else this.#timer ??= setTimeout(() => void this.#send(), this.#options.intervalMs * (sent ? 1 : 10));
    })();
    return this.#sending;
  }

  async #sendBatch(): Promise<boolean> {
    const batch = this.#waiting.splice(0, this.#options.batchSize);
    const sent = await new Promise<boolean>((resolve) =>
      this.#exporter.export(batch, (result) => resolve(result.code === ExportResultCode.SUCCESS)),
    );
    if (!sent) this.#waiting = [...batch, ...this.#waiting].slice(0, this.#options.maxSpans);
    return sent;
  }
}
