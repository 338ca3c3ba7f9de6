import { describe, expect, it } from '@jest/globals';
import {
  headers,
  type OutgoingHeaders,
  type Requester,
  type StoredPublisher,
  type StoreOutcome,
} from '@orchestrator/bus';
import { Fault, HEADERS, subjects } from '@orchestrator/protocol';
import fc from 'fast-check';
import type { AttachedReaders } from './attached-readers.js';
import { OutputStream } from './output-stream.js';

const ADDRESS = { caller: 'me', plugin: 'editor', invocation: 'i' };

interface Stored {
  readonly header: string;
  readonly body: string;
}

/** What a publish comes to on its way: the message, or its acknowledgement, may get lost. */
type Luck = 'good' | 'lost' | 'ack lost';

/** One subject of a stream, with the rule of the server that a message may say what must be the last before it. */
class Subject {
  readonly stored: Stored[] = [];
  readonly #lucks: Luck[];

  constructor(lucks: readonly Luck[]) {
    this.#lucks = [...lucks];
  }

  readonly publisher = {
    store: async (_subject: string, data: Uint8Array | string, sent: OutgoingHeaders): Promise<StoreOutcome> => {
      const luck = this.#lucks.shift() ?? 'good';
      if (luck === 'lost') throw new Fault('unavailable', 'lost');
      const text = Buffer.from(sent.encode()).toString();
      const read = (name: string) => new RegExp(`\r\n${name}: ([^\r]*)`).exec(text)?.[1] ?? '';
      const isNext = Number(read('Nats-Expected-Last-Subject-Sequence')) === this.stored.length;
      if (isNext) this.stored.push({ header: read(HEADERS.chunk), body: data.toString() });
      if (luck === 'ack lost') throw new Fault('unavailable', 'acknowledgement lost');
      return isNext ? { stored: true, sequence: this.stored.length } : { stored: false, otherIsLast: true };
    },
  } as unknown as StoredPublisher;

  readonly requester = {
    request: async () => {
      const last = this.stored.at(-1);
      const stored = headers();
      stored.set(HEADERS.chunk, last?.header ?? '');
      stored.set('Nats-Subject', subjects.chunk(ADDRESS));
      stored.set('Nats-Sequence', String(this.stored.length));
      return { headers: stored, data: Buffer.from(last?.body ?? '') };
    },
  } as unknown as Requester;

  open(attempt: number): OutputStream {
    const readers = { acknowledged: () => undefined } as unknown as AttachedReaders;
    const parts = { publisher: this.publisher, requester: this.requester, readers, retryMs: 0 };
    return new OutputStream(parts, ADDRESS, attempt, new AbortController().signal);
  }

  /** Number and value of each chunk of an attempt. */
  chunksOf(attempt: number): [number, unknown][] {
    return this.stored
      .filter(({ header }) => header.startsWith(`${attempt}|`) && !header.endsWith('|end'))
      .map(({ header, body }) => [Number(header.split('|')[1]), JSON.parse(body)]);
  }
}

const lucks = fc.array(fc.constantFrom<Luck>('good', 'lost', 'ack lost'), { maxLength: 12 });

describe('OutputStream', () => {
  it('whatever is lost on the way — stores each chunk once, in order, and numbers them from 1', async () => {
    await fc.assert(
      fc.asyncProperty(lucks, fc.integer({ min: 1, max: 8 }), async (luck, count) => {
        const subject = new Subject(luck);
        const output = subject.open(1);
        for (let n = 1; n <= count; n++) await output.emit(`value ${n}`);
        await output.flush();
        const wanted = Array.from({ length: count }, (_, at) => [at + 1, `value ${at + 1}`]);
        expect(subject.chunksOf(1)).toEqual(wanted);
        expect(output.last).toBe(count);
      }),
    );
  });

  it('a later attempt — goes on with the numbers; from its first chunk on, the earlier one stores nothing', async () => {
    await fc.assert(
      fc.asyncProperty(lucks, fc.array(fc.boolean(), { maxLength: 10 }), async (luck, turns) => {
        const subject = new Subject(luck);
        const outputs = { earlier: subject.open(1), later: subject.open(2) };
        const emitted = { earlier: 0, later: 0 };
        for (const isEarlier of turns) {
          const which = isEarlier ? 'earlier' : 'later';
          const emit = outputs[which].emit(++emitted[which]);
          if (which === 'earlier' && emitted.later > 0) {
            await expect(emit).rejects.toMatchObject({ code: 'cancelled' });
            expect(outputs.earlier.isSuperseded).toBe(true);
          } else {
            await emit;
          }
        }
        const numbers = subject.stored.map(({ header }) => header.split('|').map(Number));
        expect(numbers.map(([, sequence]) => sequence)).toEqual(numbers.map((_, at) => at + 1));
        expect(subject.chunksOf(2).map(([, value]) => value)).toEqual(
          numbers.filter(([a]) => a === 2).map((_, at) => at + 1),
        );
        const attempts = numbers.map(([attempt = 0]) => attempt);
        expect(attempts).toEqual(attempts.toSorted((a, b) => a - b));
      }),
    );
  });

  it('after a chunk that cannot be written — stores no more, and flush says why', async () => {
    const subject = new Subject([]);
    const output = subject.open(1);
    await output.emit(1);
    await expect(output.emit(1n)).rejects.toMatchObject({ code: 'failed' });
    await expect(output.emit(2)).rejects.toMatchObject({ code: 'failed' });
    await expect(output.flush()).rejects.toMatchObject({ code: 'failed' });
    expect(subject.chunksOf(1)).toEqual([[1, 1]]);
  });

  it('the end marker — carries the number of the last chunk, and is refused where another attempt goes on', async () => {
    const subject = new Subject([]);
    const [earlier, later] = [subject.open(1), subject.open(2)];
    await earlier.emit('a');
    await later.emit('b');
    await earlier.end(undefined);
    await later.end(new Fault('failed', 'broken'));
    expect(subject.stored.map(({ header }) => header)).toEqual(['1|1', '2|2', '2|2|end']);
    expect(subject.stored.at(-1)?.body).toContain('"failed"');
  });

  it('what is emitted when the run has ended — is refused', async () => {
    const output = new Subject([]).open(1);
    output.close();
    await expect(output.emit(1)).rejects.toMatchObject({ code: 'failed' });
  });
});
