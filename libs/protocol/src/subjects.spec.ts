import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from './fault.js';
import { randomInvocationId } from './ids.js';
import { isName } from './names.js';
import {
  asideSubject,
  isAside,
  isNested,
  parseAside,
  parseAsk,
  parseBeat,
  parseDueWait,
  parseExec,
  parsePluginOf,
  parseResultAddress,
  parseWork,
  patterns,
  readableAsk,
  requestSubject,
  subjects,
} from './subjects.js';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/);
const number = '(0|[1-9]\\d{0,2})';
const part = '(0|[1-9]\\d{0,2}|[a-z][0-9a-z]{0,3})';
const version = fc.stringMatching(new RegExp(`^${number}\\.${number}\\.${number}(-${part}(\\.${part})?)?$`));
const invocation = fc.constant(0).map(randomInvocationId);
const ask = fc.record({ caller: name, plugin: name, capability: name });
const target = fc.record({ plugin: name, version, capability: name });
const address = fc.record({ caller: name, plugin: name, invocation });
const instance = fc.record({ plugin: name, version, instance: name });

/** Does NATS deliver the subject to a subscription on the pattern? `*` stands for one token. */
function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  return wanted.length === tokens.length && wanted.every((token, at) => token === '*' || token === tokens[at]);
}

describe('subjects — each parser reads what its builder writes, and its pattern takes it', () => {
  it('request and call', () => {
    fc.assert(
      fc.property(ask, (a) => {
        expect(parseAsk(subjects.request(a), 'request')).toEqual(a);
        expect(parseAsk(subjects.call(a), 'call')).toEqual(a);
        expect(matches(patterns.requests, subjects.request(a))).toBe(true);
        expect(matches(patterns.calls, subjects.call(a))).toBe(true);
      }),
    );
  });

  it('request, as it is stored', () => {
    fc.assert(
      fc.property(ask, fc.nat({ max: 15 }), (a, partition) => {
        const stored = `orc.v1.queued.${partition}.${a.caller}.${a.plugin}.${a.capability}`;
        expect(stored.startsWith(patterns.queued(partition).slice(0, -1))).toBe(true);
        expect(requestSubject(stored)).toBe(subjects.request(a));
        expect(requestSubject(subjects.request(a))).toBe(subjects.request(a));
        const aside = asideSubject(stored) ?? '';
        expect([isAside(stored), isAside(aside), asideSubject(aside)]).toEqual([false, true, undefined]);
        expect(matches(patterns.aside, aside)).toBe(true);
        const queue = { partition: String(partition), plugin: a.plugin, capability: a.capability };
        expect([parseAside(aside), parseAside(stored)]).toEqual([queue, undefined]);
        expect(matches(patterns.asideOf(queue), aside)).toBe(true);
        expect(requestSubject(aside)).toBe(subjects.request(a));
      }),
    );
  });

  it('request of running work, as it is stored', () => {
    fc.assert(
      fc.property(ask, (a) => {
        const stored = subjects.nested(a);
        const aside = asideSubject(stored) ?? '';
        expect(matches(patterns.nested, stored)).toBe(true);
        expect(parseAside(aside)?.partition).toBe('nested');
        expect([requestSubject(stored), requestSubject(aside)]).toEqual([subjects.request(a), subjects.request(a)]);
        expect([isNested(stored), isNested(aside), isNested(subjects.request(a))]).toEqual([true, true, false]);
        expect([isAside(stored), isAside(aside), asideSubject(aside)]).toEqual([false, true, undefined]);
      }),
    );
  });

  it('timer of a request that waits', () => {
    expect(parseDueWait(subjects.due('wait', '42'))).toBe(42);
    expect(parseDueWait(subjects.due('wait', 'x'))).toBeUndefined();
    expect(parseDueWait(subjects.due('retry', '42'))).toBeUndefined();
  });

  it('work', () => {
    fc.assert(
      fc.property(target, invocation, (t, id) => {
        const subject = subjects.work(t, id);
        expect(parseWork(subject)).toEqual({ ...t, invocation: id });
        expect(matches(patterns.work, subject)).toBe(true);
        expect(matches(patterns.workOf(t), subject)).toBe(true);
      }),
    );
  });

  it('exec', () => {
    fc.assert(
      fc.property(target, (t) => {
        expect(parseExec(subjects.exec(t))).toEqual(t);
        expect(matches(patterns.execOf(t.plugin, t.version), subjects.exec(t))).toBe(true);
      }),
    );
  });

  it('result and progress', () => {
    fc.assert(
      fc.property(address, (r) => {
        expect(parseResultAddress(subjects.result(r), 'result')).toEqual(r);
        expect(parseResultAddress(subjects.progress(r), 'progress')).toEqual(r);
        expect(matches(patterns.results, subjects.result(r))).toBe(true);
        expect(matches(patterns.resultsStoredFor(r.caller), subjects.resultStored(r))).toBe(true);
        expect(matches(patterns.progressFor(r.caller), subjects.progress(r))).toBe(true);
      }),
    );
  });

  it('heartbeat', () => {
    fc.assert(
      fc.property(instance, (i) => {
        expect(parseBeat(subjects.beat(i))).toEqual(i);
        expect(matches(patterns.beats, subjects.beat(i))).toBe(true);
      }),
    );
  });

  it('heartbeat of what nobody can be — is none', () => {
    const bad = [
      'beat.probe.1_0_0',
      'beat.Probe.1_0_0.a',
      'beat.probe.1_0.a',
      'beat.probe.1_0_0+b.a',
      'beat.probe.x.a',
    ];
    for (const subject of [...bad, `beat.probe.1_0_0.${'a'.repeat(64)}`, 'beat.probe.1_0_0.A', 'exec.probe.1_0_0.a']) {
      expect(parseBeat(`orc.v1.${subject}`)).toBeUndefined();
    }
  });

  it('report and announcement', () => {
    fc.assert(
      fc.property(name, (plugin) => {
        expect(parsePluginOf(subjects.report(plugin), 'report')).toBe(plugin);
        expect(parsePluginOf(subjects.announce(plugin), 'announce')).toBe(plugin);
        expect(matches(patterns.reports, subjects.report(plugin))).toBe(true);
        expect(matches(patterns.announcements, subjects.announce(plugin))).toBe(true);
      }),
    );
  });

  it('dead letter, event', () => {
    fc.assert(
      fc.property(name, name, invocation, fc.nat({ max: 63 }), (plugin, capability, id, shard) => {
        expect(matches(patterns.dead, subjects.dead(plugin, capability, id))).toBe(true);
        expect(matches(patterns.events, subjects.event(shard))).toBe(true);
      }),
    );
  });
});

describe('subjects — are apart', () => {
  it('no two kinds share a subject, and no pattern takes the subject of another kind', () => {
    const a = { caller: 'a', plugin: 'b', capability: 'c' };
    const t = { plugin: 'b', version: '1.0.0', capability: 'c' };
    const r = { caller: 'a', plugin: 'b', invocation: 'd' };
    const all = [
      [subjects.request(a), patterns.requests],
      [subjects.call(a), patterns.calls],
      [subjects.work(t, 'd'), patterns.work],
      [subjects.exec(t), patterns.execOf('b', '1.0.0')],
      [subjects.result(r), patterns.results],
      [subjects.progress(r), patterns.progressFor('a')],
      [subjects.chunk(r), patterns.chunks],
      [subjects.chunkStored(r), subjects.chunkStored(r)],
      [subjects.read(r), patterns.reads],
      [subjects.read(r), patterns.readsOf('b')],
      [subjects.dead('b', 'c', 'd'), patterns.dead],
      [subjects.late('b', 'c', 'd'), patterns.late],
      [subjects.report('b'), patterns.reports],
      [subjects.event(1), patterns.events],
      [subjects.announce('b'), patterns.announcements],
      [subjects.beat({ plugin: 'b', version: '1.0.0', instance: 'i' }), patterns.beats],
      [subjects.rollCall(), subjects.rollCall()],
      [subjects.query('registry', 'plugins'), subjects.query('registry', 'plugins')],
    ] as const;
    for (const [subject] of all) {
      const taken = all.filter(([, pattern]) => matches(pattern, subject)).map(([own]) => own);
      expect([...new Set(taken)]).toEqual([subject]);
    }
  });

  it('different targets never share a subject', () => {
    fc.assert(
      fc.property(target, target, (one, other) => {
        const same =
          one.plugin === other.plugin && one.version === other.version && one.capability === other.capability;
        expect(subjects.exec(one) === subjects.exec(other)).toBe(same);
      }),
    );
  });
});

describe('subjects — what does not fit is a typed fault', () => {
  const parsers: readonly (readonly [string, (subject: string) => unknown])[] = [
    ['parseAsk', (subject) => parseAsk(subject, 'request')],
    ['parseWork', parseWork],
    ['parseResultAddress', (subject) => parseResultAddress(subject, 'result')],
    ['parseExec', parseExec],
    ['parsePluginOf', (subject) => parsePluginOf(subject, 'report')],
  ];

  it.each(parsers)('%s — refuses another kind, too few and too many tokens, and empty ones', (_name, parse) => {
    const bad = ['', 'orc', 'orc.v1', 'orc.v1.other.a.b.c', 'orc.v2.request.a.b.c'];
    for (const kind of ['request', 'work', 'result', 'exec', 'beat', 'report']) {
      bad.push(`orc.v1.${kind}`, `orc.v1.${kind}.`, `orc.v1.${kind}.a.`, `orc.v1.${kind}..`, `orc.v1.${kind}...`);
      bad.push(`orc.v1.${kind}....`, `orc.v1.${kind}.a.b.c.d.e`, ` orc.v1.${kind}.a.b.c`);
    }
    for (const subject of bad)
      expect(() => parse(subject)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it.each(parsers)('%s — throws nothing but faults', (_name, parse) => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'orcv1.requst-_A* ') }), (subject) => {
        try {
          parse(subject);
        } catch (error) {
          expect(Fault.is(error)).toBe(true);
        }
      }),
    );
  });

  it('parseAsk — lets only names through: what anyone may publish ends up in subjects again', () => {
    const token = fc.oneof(name, fc.string({ unit: fc.constantFrom(...'ab0-_A*>é '), maxLength: 6 }));
    fc.assert(
      fc.property(token, token, token, (caller, plugin, capability) => {
        const isAsk = [caller, plugin, capability].every(isName);
        const parse = () => parseAsk(`orc.v1.call.${caller}.${plugin}.${capability}`, 'call');
        if (isAsk) expect(parse()).toEqual({ caller, plugin, capability });
        else expect(parse).toThrow(Fault);
      }),
    );
  });

  it.each([
    [
      'orc.v1.call.UPPER.probe.echo',
      /the caller "UPPER" must be/,
      { caller: 'unknown', plugin: 'probe', capability: 'echo' },
    ],
    ['orc.v1.call.a.b_b.echo', /the plugin "b_b" must be/, { caller: 'a', plugin: 'unknown', capability: 'echo' }],
    ['orc.v1.call.a.b.c-', /the capability "c-" must be/, { caller: 'a', plugin: 'b', capability: 'unknown' }],
    ['orc.v1.call.a.b', /more or fewer/, { caller: 'unknown', plugin: 'unknown', capability: 'unknown' }],
  ])('%s — names the rule that is broken; the rest can be read', (subject, message, readable) => {
    expect(() => parseAsk(subject, 'call')).toThrow(message);
    expect(readableAsk(subject, 'call')).toEqual(readable);
  });

  it('parseAsk — a request subject is no call subject', () => {
    expect(() => parseAsk('orc.v1.request.a.b.c', 'call')).toThrow(Fault);
  });
});
