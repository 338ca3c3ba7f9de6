/**
 * Requests that have to wait would keep those behind them waiting, too, of whichever caller of their partition. When some wait
 * already, the next are set aside: stored once more in the same stream, in a queue of those that wait, and taken out of their own.
 * Nothing of them changes: what follows from the sequence and the time of the request follows from the first ones.
 *
 * One that may not wait for ever gets a timer: nobody sees it in its queue before its turn.
 */
import {
  type Delivery,
  type MsgHdrs,
  headers as newHeaders,
  OutgoingHeaders,
  type StoredPublisher,
} from '@orchestrator/bus';
import { asideSubject, Fault, HEADERS, isAside, subjects } from '@orchestrator/protocol';

/** Headers for the server are not part of the request, and it would act upon them again. */
const SERVERS_OWN = /^nats-/i;
const EMPTY = new Uint8Array();
/** The last year that a time is written with four digits: what may wait longer, as a redrive without a deadline of its own, waits for ever. */
const LAST_MS = Date.UTC(9999, 0);

/** Answers whether it was set aside: not when its stream is full, or cannot be reached. @param untilMs later than any date where it may wait for ever */
export async function setAside(
  publisher: Pick<StoredPublisher, 'store'>,
  delivery: Delivery,
  untilMs: number,
): Promise<boolean> {
  const subject = asideSubject(delivery.subject);
  if (subject === undefined) return false;
  try {
    const stored = await publisher.store(subject, delivery.data, headersFor(delivery));
    if (!stored.stored) return false;
    if (untilMs < LAST_MS) {
      const timer = new OutgoingHeaders()
        .add('Nats-Schedule', `@at ${new Date(untilMs).toISOString()}`)
        .add('Nats-Schedule-Target', subjects.due('wait', String(stored.sequence)));
      await publisher.store(subjects.timer('wait', String(stored.sequence)), EMPTY, timer);
    }
  } catch (error) {
    if (Fault.is(error)) return false; // it may be there twice then, which changes nothing
    throw error;
  }
  delivery.ack();
  return true;
}

/** A request as it was before it was set aside; any other as it is. */
export function asRequested<Request extends Pick<Delivery, 'subject' | 'headers' | 'sequence' | 'storedAt'>>(
  delivery: Request,
): Request {
  if (!isAside(delivery.subject)) return delivery;
  const [sequence, storedAt] = delivery.headers?.get(HEADERS.request).split('|') ?? [];
  if (!sequence || !storedAt) return delivery;
  return { ...delivery, sequence: Number(sequence), storedAt };
}

function headersFor({ headers, sequence, storedAt }: Delivery): MsgHdrs {
  const aside = newHeaders();
  for (const name of headers?.keys() ?? []) {
    if (!SERVERS_OWN.test(name)) aside.set(name, headers?.get(name) ?? '');
  }
  aside.set(HEADERS.request, `${sequence}|${storedAt}`);
  return aside;
}
