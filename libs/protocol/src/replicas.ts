import { Fault } from './fault.js';

/** On how many servers of a NATS cluster a stream may be kept: an odd number outvotes the loss of one. */
const REPLICAS = ['1', '3', '5'];

/** Reads `ORC_REPLICAS`; undefined where it is not set. @throws Fault `invalid-argument` */
export function parseReplicas(text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (REPLICAS.includes(text)) return Number(text);
  throw new Fault('invalid-argument', `ORC_REPLICAS must be ${REPLICAS.join(', ')}, not "${text}".`);
}
