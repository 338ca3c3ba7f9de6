/** Dead letters, for whoever wants to see them; served beside the call trees, so that a long look keeps no call waiting. */
import { type Bus, serveQuery } from '@orchestrator/bus';
import { type DeadLetterDetail, HEADERS, type InvocationRecord, LIMITS } from '@orchestrator/protocol';
import { DeadLetterBox } from '../adapters/dead-letter-box.js';
import { listedFault, listedLetter, parsePage } from '../domain/dead-letter.js';
import { parseInvocation } from '../domain/query-arguments.js';

/** Of an invocation that has more, the newest. */
const RECORDS_SHOWN = 100;
/** What proves to a choreographer whose request it was is for choreographers only. */
const WITHHELD = new Set<string>([HEADERS.redrive, HEADERS.receipt]);

/** @param recordsOf the stored records of a correlation */
export function serveDeadLetters(
  bus: Bus,
  recordsOf: (correlation: string) => Promise<readonly InvocationRecord[]>,
): void {
  const box = new DeadLetterBox(bus);
  serveQuery(bus, 'choreographer', 'dead-letters', async (args) => {
    const { letters, ...rest } = await box.page(parsePage(args));
    return { letters: letters.map(listedLetter), ...rest };
  });
  serveQuery(bus, 'choreographer', 'dead-letter', async (args): Promise<DeadLetterDetail> => {
    const { stored, ...letter } = await box.read(parseInvocation(args.invocation));
    const records = (await recordsOf(letter.correlation)).filter((one) => one.invocation === letter.invocation);
    const late = await box.late(letter);
    const shown = stored.headers.keys().filter((name) => !WITHHELD.has(name));
    return {
      ...letter,
      ...(stored.bytes <= LIMITS.inlineBytes &&
        stored.bytes === letter.bytes && { body: Buffer.from(stored.data).toString('base64') }),
      headers: Object.fromEntries(shown.map((name) => [name, stored.headers.get(name)])),
      records: records
        .sort((a, b) => a.atMs - b.atMs)
        .slice(-RECORDS_SHOWN)
        .map(listedRecord),
      ...(late && { late }),
    };
  });
}

function listedRecord(record: InvocationRecord): InvocationRecord {
  return 'fault' in record && record.fault ? { ...record, fault: listedFault(record.fault) } : record;
}
