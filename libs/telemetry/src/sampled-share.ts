import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';

/**
 * Whether a trace is among those that are sampled: by its id alone, so that every process decides the same, and so does any
 * other that samples by the id as OpenTelemetry does.
 * @param ratio share of the traces, 0 to 1
 */
export function sampledShare(ratio: number): (traceId: string) => boolean {
  if (ratio >= 1) return () => true;
  const sampler = new TraceIdRatioBasedSampler(ratio);
  return (traceId) => {
    const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  };
}
