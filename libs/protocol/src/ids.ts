/**
 * Ids. An invocation id is a UUID (version 8, RFC 9562); of durable work it is derived, so that a redelivery computes
 * the same one. A correlation id is 16 bytes in hex, which can serve as trace id.
 */
import { hash, randomFillSync } from 'node:crypto';

function uuidFromHex(hex: string): string {
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Hashes parts that may hold anything: each is preceded by its length, so that no two lists give the same text. */
function digest(...parts: string[]): string {
  return hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'hex');
}

const pool = Buffer.alloc(4096);
let used = pool.length;

/** 16 random bytes in hex, from a pool: one system call serves 256 ids. */
export function randomId(): string {
  if (used >= pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.toString('hex', used - 16, used);
}

/**
 * The correlation of a synchronous root. It begins with the time, so that what happened together stands together wherever
 * it is sorted by; the last 10 bytes are random, as the W3C asks of the last 7 of a trace id.
 */
export function newCorrelationId(nowMs: number): string {
  return nowMs.toString(16).padStart(12, '0') + randomId().slice(12);
}

export function isCorrelationId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

export function isInvocationId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** The id of a synchronous root call: nothing is repeated, so nothing need be derived. */
export function randomInvocationId(): string {
  return uuidFromHex(randomId());
}

/** A durable root request with a key that its caller chose. */
export function invocationIdFromKey(caller: string, plugin: string, capability: string, key: string): string {
  return uuidFromHex(digest('key', caller, plugin, capability, key));
}

/** A durable request without a key: its place in the stream names it. The time guards against a stream made anew. */
export function invocationIdFromSequence(stream: string, sequence: number, storedAt: string): string {
  return uuidFromHex(digest('sequence', stream, String(sequence), storedAt));
}

/** A nested call: a parent that runs again finds its children again. */
export function invocationIdFromParent(parent: string, plugin: string, capability: string, key: string): string {
  return uuidFromHex(digest('nested', parent, plugin, capability, key));
}

/** A synchronous root whose output its caller wants to read while it is made: the caller can compute the id. */
export function invocationIdFromStream(caller: string, plugin: string, capability: string, stream: string): string {
  return uuidFromHex(digest('stream', caller, plugin, capability, stream));
}

/** What is redriven is redriven once: whoever does it again computes the same id. */
export function invocationIdOfRedrive(dead: string): string {
  return uuidFromHex(digest('redrive', dead));
}

/** The correlation that a durable root starts when its caller names none. */
export function correlationIdOf(invocation: string): string {
  return digest('correlation', invocation).slice(0, 32);
}

/** The span of an invocation: the last 8 bytes of its id. */
export function spanIdOf(invocation: string): string {
  return invocation.slice(19, 23) + invocation.slice(24);
}

/** Tells one body from another under the same key. */
export function bodyHash(body: Uint8Array): string {
  return hash('sha256', body, 'hex').slice(0, 32);
}
