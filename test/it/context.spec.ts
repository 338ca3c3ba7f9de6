/** Who may call, and how far: contexts that are not the caller's own, calls that lost theirs, cycles, depth. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { flattenTree, HEADERS } from '@orchestrator/protocol';
import { MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectFault, expectService, type RawAnswer } from './raw-calls.js';

const GOOD = '{"text":"hi"}';

describe('the call context', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE, MIRROR] });
  });

  afterAll(async () => {
    await system?.stop();
  });

  /** A real context of an invocation of `probe`, which gives it away. */
  async function realToken(headers: Record<string, string> = {}): Promise<string> {
    const answer = await callRaw(system, 'probe.token', '{}', { headers });
    return (answer.body as { text: string }).text;
  }

  function callWith(token: string, caller = 'probe'): Promise<RawAnswer> {
    return callRaw(system, 'probe.echo', GOOD, { caller, headers: { [HEADERS.context]: token } });
  }

  it('of durable work that has its result — calls nothing more', async () => {
    const handle = await system.client.request({ plugin: 'probe', capability: 'token' }, {});
    const { result } = await handle.outcome();
    const { text } = (result as { value: { text: string } }).value;
    await expectFault(system, await callWith(text), { code: 'cancelled', message: /has its result already/ });
  });

  it('as its own plugin has it — is accepted, and makes the call a child', async () => {
    const token = await realToken();
    const answer = await callWith(token);
    expect(answer).toMatchObject({ fault: '', correlation: token.split('|')[1] });
    const tree = await system.treeWhere({ correlation: answer.correlation }, (nodes) => nodes.length === 2);
    expect(tree.roots[0]?.children[0]?.invocation).toBe(answer.invocation);
  });

  it('altered in any field — is refused, as a root that nobody let in', async () => {
    const token = await realToken();
    const fields = token.split('|');
    expect(fields).toHaveLength(23);
    for (const n of fields.keys()) {
      const altered = fields.with(n, `${fields[n]}1`).join('|');
      const answer = await callWith(altered);
      expect({ n, fault: answer.fault }).toEqual({ n, fault: 'unauthenticated' });
    }
    const deeper = await callWith(fields.with(7, '1000').join('|'));
    const node = await expectFault(system, deeper, { code: 'unauthenticated', message: /not made by a choreographer/ });
    expect(node).toMatchObject({ state: 'refused', depth: 1 });
    expect(node.parent).toBeUndefined();
  });

  it('with one bit of its signature changed — is refused', async () => {
    const token = await realToken();
    const last = token.slice(-1) === 'A' ? 'B' : 'A';
    const answer = await callWith(token.slice(0, -1) + last);
    await expectFault(system, answer, { code: 'unauthenticated', message: /not made by a choreographer/ });
  });

  it('spliced from two real ones — is refused', async () => {
    const [one, two] = [(await realToken()).split('|'), (await realToken()).split('|')];
    const spliced = [...one.slice(0, -1), two.at(-1)].join('|');
    const answer = await callWith(spliced);
    await expectFault(system, answer, { code: 'unauthenticated', message: /not made by a choreographer/ });
  });

  it.each(['nonsense', '1|2|3', '|', '1||||||||||||||||||k1|', 'ü'])('forged as %s — is refused', async (token) => {
    const answer = await callWith(token);
    await expectFault(system, answer, { code: 'unauthenticated', message: /call context/ });
  });

  it.each(['mirror', 'tester'])(
    'of probe, used by %s — is refused, and hangs in the tree of the one it was taken from',
    async (caller) => {
      const token = await realToken();
      const answer = await callWith(token, caller);
      const message = new RegExp(`belongs to probe, not to ${caller}`);
      const node = await expectFault(system, answer, { code: 'unauthenticated', message });
      expect(node).toMatchObject({ correlation: token.split('|')[1], parent: token.split('|')[2], state: 'refused' });
    },
  );

  it('of an invocation past its deadline — is refused', async () => {
    const token = await realToken({ [HEADERS.expiryTime]: new Date(Date.now() + 250).toISOString() });
    await callRaw(system, 'probe.hang', '{}'); // answered at its own deadline, which is later
    const answer = await callWith(token);
    await expectFault(system, answer, { code: 'deadline-exceeded', message: /past its own deadline/ });
  });

  it('replaced by the receipt of a stored result — is refused: nobody can call with it', async () => {
    const token = await realToken();
    const handle = await system.client.request({ plugin: 'probe', capability: 'echo' }, { text: 'hi' });
    await handle.outcome();
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'succeeded');
    const subject = `$JS.API.DIRECT.GET.ORC_RESULTS.orc.v1.result.tester.probe.${handle.invocation}`;
    const stored = await system.client.requester.request(subject, '', { timeoutMs: 5_000 });
    const receipt = stored.headers?.get(HEADERS.receipt) ?? '';
    expect(receipt.split('|')).toHaveLength(token.split('|').length);
    await expectFault(system, await callWith(receipt), { code: 'unauthenticated', message: /not made by/ });
  });

  it('lost by a plugin — its call is refused, and never becomes a root', async () => {
    const answer = await callRaw(system, 'probe.lost', GOOD);
    const node = await expectFault(system, answer, { code: 'permission-denied', message: /Call context lost: probe/ });
    expect(node).toMatchObject({ state: 'failed', children: [] });
  });

  it('kept through a callback with context.call — works, as a child', async () => {
    const answer = await callRaw(system, 'probe.kept', GOOD);
    expect(answer).toMatchObject({ fault: '', body: { json: '{"text":"hi"}' } });
    const tree = await system.treeWhere({ correlation: answer.correlation }, (nodes) => nodes.length === 2);
    expect(flattenTree(tree).map((node) => [node.capability, node.depth, node.caller])).toEqual([
      ['kept', 1, 'tester'],
      ['echo', 2, 'probe'],
    ]);
  });

  it('used for two calls with one key at once — runs one; the other is refused, and hides it in no tree', async () => {
    const token = await realToken();
    const headers = { [HEADERS.context]: token, [HEADERS.id]: 'same' };
    const work = () => callRaw(system, 'mirror.work', '{"name":"keyed","ms":300}', { caller: 'probe', headers });
    const answers = await Promise.all([work(), work()]);
    const [ran, refused] = answers.toSorted((a, b) => a.fault.length - b.fault.length);
    expect(ran).toMatchObject({ fault: '', body: { text: 'keyed' } });
    expect(refused).toMatchObject({ fault: 'invalid-argument', body: { details: { invocation: ran?.invocation } } });
    const tree = await system.treeWhere({ correlation: ran?.correlation ?? '' }, (nodes) =>
      nodes.some((node) => node.invocation === ran?.invocation && node.state === 'succeeded'),
    );
    expect(tree.roots[0]?.children.map((node) => node.state).sort()).toEqual(['refused', 'succeeded']);
  });

  describe('cycles', () => {
    it('a capability that calls itself — is refused before it runs again, with the path', async () => {
      const answer = await callRaw(system, 'probe.self', '{}');
      const details = { path: ['probe.self', 'probe.self'] };
      await expectFault(system, answer, { code: 'cycle-detected', message: /probe\.self → probe\.self/, details });
      const tree = await system.treeWhere({ correlation: answer.correlation }, (nodes) => nodes.length === 2);
      expect(flattenTree(tree).map((node) => [node.state, node.attempts])).toEqual([
        ['failed', 1],
        ['refused', 0],
      ]);
    });

    it.each(['sync', 'durable'])(
      'over two plugins, %s — is refused where it would close, with the path',
      async (mode) => {
        const inner = { capability: 'probe.call', argsJson: '{"capability":"probe.echo","argsJson":"{}"}', mode };
        const outer = { capability: 'mirror.call', argsJson: JSON.stringify(inner), mode };
        const answer = await callRaw(system, 'probe.call', JSON.stringify(outer));
        const path = ['probe.call', 'mirror.call', 'probe.call'];
        await expectFault(system, answer, {
          code: 'cycle-detected',
          message: /probe\.call → mirror\.call → probe\.call/,
          details: { path },
        });
        const tree = await system.treeWhere(
          { correlation: answer.correlation },
          (nodes) => nodes.length === 3 && nodes.every((node) => node.fault),
        );
        expect(flattenTree(tree).map((node) => [node.plugin, node.state])).toEqual([
          ['probe', 'failed'],
          ['mirror', 'failed'],
          ['probe', 'refused'],
        ]);
      },
    );
  });

  describe('depth', () => {
    const chain = (length: number) =>
      JSON.stringify({ rest: Array.from({ length: length - 1 }, (_, n) => `probe.step-${n + 2}`) });

    it('16 calls deep — works', async () => {
      const answer = await callRaw(system, 'probe.step-1', chain(16));
      expect(answer.fault).toBe('');
      const tree = await system.treeWhere({ correlation: answer.correlation }, (nodes) => nodes.length === 16);
      expect(flattenTree(tree).map((node) => node.depth)).toEqual(Array.from({ length: 16 }, (_, n) => n + 1));
    });

    it('17 calls deep — the 17th is refused before it runs, and all above it fail with its fault', async () => {
      const answer = await callRaw(system, 'probe.step-1', chain(20));
      const path = Array.from({ length: 17 }, (_, n) => `probe.step-${n + 1}`);
      await expectFault(system, answer, {
        code: 'depth-exceeded',
        message: /16 deep/,
        details: { maxDepth: 16, path },
      });
      const tree = await system.treeWhere(
        { correlation: answer.correlation },
        (nodes) => nodes.length === 17 && nodes.every((node) => node.fault),
      );
      expect(flattenTree(tree).at(-1)).toMatchObject({
        capability: 'step-17',
        state: 'refused',
        attempts: 0,
        depth: 17,
      });
    });
  });

  it('after all that — calls are answered', async () => {
    await expectService(system);
  });
});
