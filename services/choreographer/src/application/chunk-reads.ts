/**
 * Streamed output is read by way of a choreographer. NATS permissions can tell who asks from the subject, while the server's own
 * request for stored messages names what is wanted in its body: whoever may send that may read everything of everybody.
 */
import { type Bus, isInbox } from '@orchestrator/bus';
import {
  isInvocationId,
  isName,
  LIMITS,
  parseChunkRead,
  parseResultAddress,
  patterns,
  STREAMS,
  subjects,
} from '@orchestrator/protocol';

/** Has the server answer the reader's inbox itself: no chunk passes through here. */
export function serveChunkReads(bus: Bus): void {
  bus.nc.subscribe(patterns.reads, {
    queue: 'choreographer',
    callback: (error, msg) => {
      if (error || !msg.reply || !isInbox(msg.reply)) return;
      const read = parseChunkRead(msg.string());
      const address = parseResultAddress(msg.subject, 'read');
      const isAddress = isName(address.caller) && isName(address.plugin) && isInvocationId(address.invocation);
      if (!read || read.batch === 0 || !isAddress) return; // a wildcard would be one for the server
      const wanted = {
        seq: Math.max(1, read.from),
        next_by_subj: subjects.chunk(address),
        batch: Math.min(read.batch, LIMITS.windowChunks),
        max_bytes: LIMITS.windowBytes,
      };
      bus.outbox.send(`$JS.API.DIRECT.GET.${STREAMS.chunks.name}`, JSON.stringify(wanted), { reply: msg.reply });
    },
  });
}
