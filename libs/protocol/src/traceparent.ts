/** W3C Trace Context, level 1: the `traceparent` header. */
import { Fault } from './fault.js';

export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the caller's span. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Version 00 ends after the flags; later ones may add fields, and ff is none. */
const SHAPE = /^(?!ff|00.{54})[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @throws Fault `invalid-argument` */
export function parseTraceparent(text: string): TraceParent {
  const [, traceId, spanId, flags] = SHAPE.exec(text) ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) {
    throw new Fault('invalid-argument', `The header traceparent is not a W3C trace parent: "${text.slice(0, 80)}".`, {
      header: 'traceparent',
    });
  }
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent(parent: TraceParent): string {
  return `00-${parent.traceId}-${parent.spanId}-${parent.sampled ? '01' : '00'}`;
}
