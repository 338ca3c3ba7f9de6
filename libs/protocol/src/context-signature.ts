/**
 * Signing of call contexts with HMAC-SHA256 (RFC 2104). Keys stay with the choreographers: hosts do not verify, since
 * NATS permissions let nobody else publish work to them. A token is `<context>|<key id>|<signature>`.
 *
 * A result carries a receipt in the token's place: the same with the signature hashed. It proves to a choreographer whose
 * work the result is, and gives whoever reads the result nothing to call with.
 */
import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type CallContext, decodeContext, encodeContext } from './call-context.js';
import { Fault } from './fault.js';
import { decodeRedrive, encodeRedrive, type Redrive } from './redrive.js';
import { decodeBinding, encodeBinding, type VersionBinding } from './version-binding.js';

export interface ContextKey {
  readonly id: string;
  readonly secret: Buffer;
}

const HEX = /^([0-9a-f]{2})+$/;
const BASE64 = /^[A-Za-z0-9_+/-]+={0,2}$/;

/** Reads `id:secret[,id:secret…]`, newest first, each secret at least 32 bytes in base64url or hex. @throws Fault `invalid-argument` */
export function parseContextKeys(text: string): ContextKey[] {
  const keys = text.split(',').map((entry) => {
    const [id = '', encoded = '', ...rest] = entry.trim().split(':');
    const secret = Buffer.from(encoded, HEX.test(encoded) ? 'hex' : 'base64url');
    // Buffer skips what is no base64: a mistyped secret would be a shorter one, and nobody would know.
    const isReadable = rest.length === 0 && BASE64.test(encoded) && secret.length >= 32;
    if (!/^[a-z0-9-]{1,32}$/.test(id) || !isReadable) {
      throw new Fault(
        'invalid-argument',
        'Context keys are id:secret, separated by commas; an id is [a-z0-9-], a secret at least 32 bytes in hex or base64url.',
      );
    }
    return { id, secret };
  });
  if (new Set(keys.map((key) => key.id)).size < keys.length) {
    throw new Fault('invalid-argument', 'Two context keys have the same id: give each key an id of its own.');
  }
  return keys;
}

/** The newest key signs, every key verifies: so keys can be rotated without a gap. */
export class ContextSigner {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #newest: { readonly id: string; readonly secret: KeyObject };

  constructor(keys: readonly ContextKey[]) {
    const newest = keys[0];
    if (!newest) throw new Fault('invalid-argument', 'At least one context key is needed.');
    // Key objects are made once: making one costs several times what the signature itself does.
    this.#keys = new Map(keys.map((key) => [key.id, createSecretKey(key.secret)]));
    this.#newest = { id: newest.id, secret: createSecretKey(newest.secret) };
  }

  sign(context: CallContext): string {
    return this.#sign(encodeContext(context));
  }

  signRedrive(redrive: Redrive): string {
    return this.#sign(encodeRedrive(redrive));
  }

  signBinding(binding: VersionBinding): string {
    return this.#sign(encodeBinding(binding));
  }

  /** @throws Fault `unauthenticated` for anything that one of our keys did not sign, to the letter */
  verify(token: string): CallContext {
    return decodeContext(this.#verify(token, (signature) => signature));
  }

  /** @throws Fault `unauthenticated` for anything that `signRedrive` did not make */
  verifyRedrive(token: string): Redrive {
    return decodeRedrive(this.#verify(token, (signature) => signature));
  }

  /** @throws Fault `unauthenticated` for anything that `signBinding` did not make */
  verifyBinding(token: string): VersionBinding {
    return decodeBinding(this.#verify(token, (signature) => signature));
  }

  /** @throws Fault `unauthenticated` for anything but the receipt of a token that `verify` accepts */
  verifyReceipt(receipt: string): CallContext {
    return decodeContext(this.#verify(receipt, hashSignature));
  }

  #sign(content: string): string {
    const text = `${content}|${this.#newest.id}`;
    return `${text}|${mac(this.#newest.secret, text)}`;
  }

  /** What was signed. */
  #verify(token: string, expected: (signature: string) => string): string {
    const end = token.lastIndexOf('|');
    const text = token.slice(0, end);
    const keyAt = text.lastIndexOf('|');
    const secret = this.#keys.get(text.slice(keyAt + 1));
    if (end < 0 || keyAt < 0 || !secret || !sameText(expected(mac(secret, text)), token.slice(end + 1))) {
      throw new Fault('unauthenticated', 'The call context was not made by a choreographer of this system.');
    }
    return text.slice(0, keyAt);
  }
}

/** What a host puts on the result of the work that came with this token. */
export function receiptFromToken(token: string): string {
  const end = token.lastIndexOf('|');
  return `${token.slice(0, end)}|${hashSignature(token.slice(end + 1))}`;
}

function hashSignature(signature: string): string {
  return hash('sha256', signature, 'base64url');
}

function mac(secret: KeyObject, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

function sameText(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
