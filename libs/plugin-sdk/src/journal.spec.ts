import { describe, expect, it } from '@jest/globals';
import { headers, type MsgHdrs, type OutgoingHeaders, type Requester, type StoredPublisher } from '@orchestrator/bus';
import { type CallContext, Fault, HEADERS, randomId, subjects } from '@orchestrator/protocol';
import { Journal, type StepEnd } from './journal.js';
import type { LargeValues } from './large-values.js';

const INVOCATION = 'c0ffee';
const LONG = 1_000;

/** A stream of steps that keeps the first message on each subject, and an object store. */
function streamOfSteps() {
  const kept = new Map<string, { data: Uint8Array; headers: MsgHdrs }>();
  const objects = new Map<string, string>();
  const asked: string[] = [];
  const ends: StepEnd[] = [];
  const hold = (subject: string, data: string, entries: Iterable<readonly [string, string]>) => {
    const given = headers();
    for (const [name, value] of entries) given.append(name, value);
    kept.set(subject, { data: Buffer.from(data), headers: given });
  };
  const publisher = {
    store: async (subject: string, data: string, given: OutgoingHeaders) => {
      if (kept.has(subject)) return { stored: false };
      hold(subject, data, linesOf(given));
      return { stored: true, sequence: kept.size };
    },
    keepTrying: (_untilMs: number, work: () => Promise<unknown>) => work(),
  } as unknown as StoredPublisher;
  const requester = {
    request: async (subject: string) => {
      asked.push(subject);
      const found = kept.get(subject.slice('$JS.API.DIRECT.GET.ORC_STEPS.'.length));
      return found ?? { headers: { code: 404 } };
    },
  } as unknown as Requester;
  const large = {
    fits: (body: string) => body.length < LONG,
    store: async (body: string) => {
      const object = randomId();
      objects.set(object, body);
      return { object, bytes: body.length, sha256: 'a'.repeat(64) };
    },
    beforeBusy: async () => {},
    fetchStored: async ({ object }: { object: string }) => Buffer.from(objects.get(object) ?? ''),
  } as unknown as LargeValues;
  const attempt = (number: number, mode: 'sync' | 'durable' = 'durable', abort = new AbortController()) => {
    const context = { plugin: 'novelist', invocation: INVOCATION, mode, deadlineMs: 1 } as CallContext;
    return new Journal({ publisher, requester, large }, context, number, abort.signal, (end) => ends.push(end));
  };
  return { attempt, kept, hold, asked, ends };
}

/** What stands in a block of headers. */
function linesOf(given: OutgoingHeaders): [string, string][] {
  const [, ...lines] = Buffer.from(given.encode()).toString().trim().split('\r\n');
  return lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
}

describe('Journal', () => {
  it('a step that has finished — is not done again by a later attempt, which is given its answer', async () => {
    const { attempt, asked } = streamOfSteps();
    expect(await attempt(1).once('plan', null, () => ({ chapters: 3 }))).toEqual({ chapters: 3 });
    expect(asked).toEqual([]); // nothing can have finished before the first
    const again = () => {
      throw new Error('done twice');
    };
    expect(await attempt(2).once('plan', null, again)).toEqual({ chapters: 3 });
  });

  it('tells how each step went that was done, and nothing of one that was not, or that has no title', async () => {
    const { attempt, ends } = streamOfSteps();
    await attempt(1).once('plan', 'Planning', () => 1);
    await attempt(1).once('quiet', null, () => 1);
    await expect(attempt(1).once('write', 'Writing', () => Promise.reject(new Error('no ink')))).rejects.toThrow();
    await attempt(2).once('plan', 'Planning', () => 2);
    expect(ends).toMatchObject([
      { name: 'plan', title: 'Planning', fault: undefined },
      { name: 'write', title: 'Writing', fault: { code: 'failed', message: 'no ink' } },
    ]);
  });

  it('a step that failed — is done again', async () => {
    const { attempt } = streamOfSteps();
    await expect(attempt(1).once('plan', null, () => Promise.reject(new Fault('failed', 'no ink')))).rejects.toThrow(
      'no ink',
    );
    expect(await attempt(2).once('plan', null, () => 2)).toBe(2);
  });

  it('two attempts that overlap — go on with what the first has answered', async () => {
    const { attempt } = streamOfSteps();
    const late = attempt(1).once('plan', null, async () => {
      expect(await attempt(2).once('plan', null, () => 'second attempt')).toBe('second attempt');
      return 'first attempt';
    });
    expect(await late).toBe('second attempt');
  });

  it('answers as JSON has it, in a synchronous call, too, of which nothing is kept; and nothing as nothing', async () => {
    const { attempt, kept } = streamOfSteps();
    const date = new Date(0);
    expect(await attempt(1, 'sync').once<unknown>('now', null, () => date)).toBe('1970-01-01T00:00:00.000Z');
    expect(kept.size).toBe(0);
    expect(await attempt(1).once('void', null, () => {})).toBeUndefined();
    expect(await attempt(2).once('void', null, () => 'again')).toBeUndefined();
    await expect(attempt(1).once('big', null, () => 1n)).rejects.toMatchObject({ code: 'failed' });
  });

  it('what is too large for a message — lies in the object store', async () => {
    const { attempt, kept } = streamOfSteps();
    const long = 'x'.repeat(LONG);
    await attempt(1).once('text', null, () => long);
    expect([...kept.values()].map(({ data }) => data.length)).toEqual([0]);
    expect(await attempt(2).once('text', null, () => 'again')).toBe(long);
  });

  it('what something else put into its place — is not taken for an answer', async () => {
    const foreign: [string, string][][] = [
      [],
      [[HEADERS.id, 'another invocation']],
      [
        [HEADERS.id, INVOCATION],
        ['Nats-Subject', 'orc.v1.result.a.b.c'],
        ['Nats-Subject', subjects.step('novelist', INVOCATION, 'plan')],
      ],
    ];
    for (const given of foreign) {
      const { attempt, hold } = streamOfSteps();
      hold(subjects.step('novelist', INVOCATION, 'plan'), '"forged"', given);
      await expect(attempt(2).once('plan', null, () => 'real')).rejects.toMatchObject({ code: 'unavailable' });
    }
  });

  it('a name that is none, or that the run has had — is refused', async () => {
    const { attempt } = streamOfSteps();
    const journal = attempt(1);
    await journal.once('plan', null, () => 1);
    await expect(journal.once('plan', null, () => 2)).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(journal.once('a.b', null, () => 2)).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('what was cancelled — neither begins nor keeps a step', async () => {
    const { attempt, kept } = streamOfSteps();
    const abort = new AbortController();
    const journal = attempt(1, 'durable', abort);
    const cut = journal.once('plan', null, () => abort.abort(new Fault('cancelled', 'enough')));
    await expect(cut).rejects.toMatchObject({ code: 'cancelled' });
    await expect(journal.once('next', null, () => kept.set('begun', {} as never))).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(kept.size).toBe(0);
  });
});
