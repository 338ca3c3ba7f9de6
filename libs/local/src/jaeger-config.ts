/** Where a Jaeger listens. */
export interface JaegerPorts {
  readonly query: number;
  readonly queryGrpc: number;
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
}

/** The ports of Jaeger's own default configuration. */
export const JAEGER_DEFAULT_PORTS: JaegerPorts = { query: 16686, queryGrpc: 16685, otlpHttp: 4318, otlpGrpc: 4317 };

/**
 * A configuration of Jaeger 2: its all-in-one one, reduced to OTLP, memory and the query API, on given ports. It neither
 * batches, so that a trace is found as soon as it is sent, nor traces itself, which would hold up its end by 10 s.
 */
export function renderJaegerConfig(host: string, ports: JaegerPorts): string {
  return `service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [jaeger_storage_exporter]
  telemetry:
    metrics:
      level: none
    logs:
      level: warn
extensions:
  jaeger_query:
    enable_tracing: false
    storage:
      traces: memory
    http:
      endpoint: ${host}:${ports.query}
    grpc:
      endpoint: ${host}:${ports.queryGrpc}
  jaeger_storage:
    backends:
      memory:
        memory:
          max_traces: 100000
receivers:
  otlp:
    protocols:
      http:
        endpoint: ${host}:${ports.otlpHttp}
      grpc:
        endpoint: ${host}:${ports.otlpGrpc}
exporters:
  jaeger_storage_exporter:
    trace_storage: memory
`;
}
