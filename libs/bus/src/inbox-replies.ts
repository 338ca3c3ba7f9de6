/**
 * Where answers may go. NATS checks what a user publishes to, not which reply subject it names: whoever answers does so
 * with permissions of its own, and a reply subject such as `orc.v1.work.…` would borrow them. So answers go to inboxes only.
 */
import type { Msg } from '@nats-io/transport-node';
import { type OutgoingHeaders, publishable } from './outgoing-headers.js';

/** Is this the inbox of some user (`_INBOX.…`, `_INBOX_<user>.…`)? */
export function isInbox(subject: string): boolean {
  return /^_INBOX[._]/.test(subject);
}

/** Answers a request; one that names no inbox gets no answer. */
export function respond(msg: Msg, data: string, headers?: OutgoingHeaders): void {
  if (msg.reply && isInbox(msg.reply)) msg.respond(data, headers && { headers: publishable(headers) });
}
