/**
 * The claim check: a body that is too large for a message lies in the object store, and the message names it in `ce-dataref`.
 * The digest says which bytes are meant, so that whoever reads others in their place notices. See docs/protocol.md, "Large values".
 */
import { Fault } from './fault.js';
import { bodyHash } from './ids.js';
import { LIMITS } from './limits.js';

/** Where the bytes of a body lie, and which they are. */
export interface DataRef {
  /** The object's name in its bucket. */
  readonly object: string;
  readonly bytes: number;
  /** Of all bytes: 64 hex digits. */
  readonly sha256: string;
}

/** What a message carries as arguments or result: the bytes themselves, or else where they lie. */
export interface Body {
  readonly data: Uint8Array;
  readonly dataRef?: DataRef | undefined;
}

/** A long name makes it unlikely that two writers choose the same one. */
const FORM = /^\/objects\/([A-Za-z0-9_-]{16,64})\?size=(0|[1-9]\d{0,14})&sha256=([0-9a-f]{64})$/;

export function encodeDataRef({ object, bytes, sha256 }: DataRef): string {
  return `/objects/${object}?size=${bytes}&sha256=${sha256}`;
}

/** Undefined for what is no reference. */
export function parseDataRef(text: string): DataRef | undefined {
  const [, object = '', size, sha256 = ''] = FORM.exec(text) ?? [];
  return size === undefined ? undefined : { object, bytes: Number(size), sha256 };
}

/** Tells one body from another under the same key; the same bytes have the same, wherever they lie. */
export function hashOfBody({ data, dataRef }: Body): string {
  return dataRef ? dataRef.sha256.slice(0, 32) : bodyHash(data);
}

/** How many bytes it has, wherever they lie. */
export function sizeOfBody({ data, dataRef }: Body): number {
  return dataRef ? dataRef.bytes : data.length;
}

/** The largest body that travels in the message itself, where the server takes messages of up to `maxPayload` bytes. */
export function inlineLimit(maxPayload: number): number {
  return Math.max(0, Math.min(LIMITS.inlineBytes, maxPayload - LIMITS.headroomBytes));
}

export type ValueKind = 'arguments' | 'result';

/** Its sender is to be blamed: a caller for its arguments, a plugin for its result. */
export function tooLargeFault(kind: ValueKind, bytes: number, maxBytes: number): Fault {
  const code = kind === 'arguments' ? 'invalid-argument' : 'failed';
  const verb = kind === 'arguments' ? 'are' : 'is';
  return new Fault(code, `The ${kind} ${verb} ${bytes} bytes; the limit is ${maxBytes}.`, { bytes, maxBytes });
}
