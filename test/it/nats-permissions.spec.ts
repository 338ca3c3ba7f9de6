/** The permissions that `up` and compose ship, on a real nats-server: what each user may do, and what it may not. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { createNatsPasswords, type RunningNats, renderNatsConfig, startNats } from '@orchestrator/local';

const plugins = ['editor', 'designer'];
const passwords = createNatsPasswords(plugins);
const open: NatsConnection[] = [];
let nats: RunningNats;
let choreographer: NatsConnection;
let registry: NatsConnection;
let editor: NatsConnection;
let designer: NatsConnection;
let anyPlugin: NatsConnection;
let caller: NatsConnection;

/** A connection as this user, with its inbox prefix; as the CLI comes, without credentials, for `caller`. */
async function connectAs(user: string): Promise<NatsConnection> {
  const [, password] = Object.entries(passwords).find(([name]) => name === user) ?? [];
  const connection =
    user === 'caller'
      ? await connect({ servers: nats.url })
      : await connect({ servers: nats.url, user, pass: password, inboxPrefix: `_INBOX_${user}` });
  open.push(connection);
  return connection;
}

beforeAll(async () => {
  nats = await startNats({ config: renderNatsConfig({ plugins, password: (user) => passwords[user] ?? '' }) });
  const users = ['choreographer', 'registry', 'editor', 'designer', 'plugin', 'caller'];
  const connections = await Promise.all(users.map(connectAs));
  [choreographer, registry, editor, designer, anyPlugin, caller] = connections as [
    NatsConnection,
    NatsConnection,
    NatsConnection,
    NatsConnection,
    NatsConnection,
    NatsConnection,
  ];
  const manager = await jetstreamManager(choreographer);
  await manager.streams.add({ name: 'ORC_REQUESTS', subjects: ['orc.v1.request.*.*.*'], retention: 'workqueue' });
  await manager.streams.add({ name: 'ORC_WORK', subjects: ['orc.v1.work.*.*.*.*'], retention: 'workqueue' });
  await manager.streams.add({ name: 'ORC_RESULTS', subjects: ['orc.v1.result.*.*.*'], allow_direct: true });
  await manager.consumers.add('ORC_WORK', {
    durable_name: 'editor-1_0_0-copy-edit',
    ack_policy: 'explicit',
    filter_subject: 'orc.v1.work.editor.1_0_0.copy-edit.*',
  });
}, 60_000);

afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  await nats?.stop();
});

/** Publishes, and tells whether the server let it pass: its refusal arrives before the answer to a ping. */
async function mayPublish(connection: NatsConnection, subject: string): Promise<boolean> {
  return !(await refusedDuring(connection, () => connection.publish(subject, '{}')));
}

async function maySubscribe(connection: NatsConnection, subject: string): Promise<boolean> {
  return !(await refusedDuring(connection, () => {
    const subscription = connection.subscribe(subject, { callback: () => {} });
    subscription.closed.catch(() => {});
  }));
}

async function refusedDuring(connection: NatsConnection, act: () => void): Promise<boolean> {
  const status = connection.status();
  const refusal = (async () => {
    for await (const event of status) if (event.type === 'error') return true;
    return false;
  })();
  act();
  await connection.flush();
  (status as AsyncIterable<unknown> & { stop?: () => void }).stop?.();
  return refusal;
}

const all = () => ({ choreographer, registry, editor, designer, plugin: anyPlugin, caller });

/** Which users may publish to the subject. */
async function publishersOf(subject: string): Promise<string[]> {
  const users: string[] = [];
  for (const [user, connection] of Object.entries(all())) {
    if (await mayPublish(connection, subject)) users.push(user);
  }
  return users;
}

describe('NATS permissions — what only one may say', () => {
  it.each([
    'orc.v1.exec.editor.1_0_0.copy-edit',
    'orc.v1.work.editor.1_0_0.copy-edit.i1',
    'orc.v1.timer.retry.t1',
    'orc.v1.event.7',
    'orc.v1.bound.c1.someone.editor',
    '$KV.ORC_CANCELLED.c1',
  ])('only the choreographer publishes %s', async (subject) => {
    expect(await publishersOf(subject)).toEqual(['choreographer']);
  });

  it.each([
    ['orc.v1.result.someone.editor.i1', ['choreographer', 'editor', 'plugin']],
    ['orc.v1.dead.editor.copy-edit.i1', ['choreographer', 'editor', 'plugin']],
    ['orc.v1.stored.someone.editor.i1', []],
    ['orc.v1.progress.someone.editor.i1', ['editor', 'plugin']],
    ['orc.v1.chunk.someone.editor.i1', ['editor', 'plugin']],
    ['orc.v1.chunk-stored.someone.editor.i1', []],
    ['orc.v1.read.editor.designer.i1', ['editor', 'plugin', 'caller']],
    ['$JS.API.DIRECT.GET.ORC_CHUNKS', ['choreographer']],
    ['$JS.API.DIRECT.GET.ORC_CHUNKS.orc.v1.chunk.x.editor.i1', ['choreographer', 'editor', 'plugin']],
    ['$JS.API.CONSUMER.CREATE.ORC_CHUNKS.x', ['choreographer']],
    ['orc.v1.report.editor', ['editor', 'plugin']],
    ['orc.v1.announce.editor', ['editor', 'plugin']],
    ['orc.v1.beat.editor.1_0_0.x', ['editor', 'plugin']],
    ['orc.v1.call.editor.designer.illustrate', ['editor', 'plugin', 'caller']],
    ['orc.v1.catalogue.roll-call', ['choreographer', 'registry']],
    ['$KV.ORC_CATALOGUE.editor.1_0_0', ['choreographer', 'registry']],
    ['orc.v1.query.registry.plugins', ['editor', 'designer', 'plugin', 'caller']],
    ['orc.v1.query.registry.capabilities', ['caller']],
    ['$JS.API.STREAM.CREATE.ORC_WORK', ['choreographer', 'registry']],
    ['$JS.API.STREAM.DELETE.NO_SUCH', ['choreographer']],
    ['$JS.API.STREAM.CREATE.NO_SUCH', ['choreographer']],
    ['$JS.API.STREAM.PURGE.ORC_WORK', ['choreographer']],
    ['$JS.API.STREAM.UPDATE.KV_ORC_CATALOGUE', ['choreographer']],
    ['$JS.API.STREAM.MSG.GET.ORC_EVENTS', ['choreographer']],
    ['$JS.API.CONSUMER.CREATE.ORC_WORK.x.orc.v1.work.x.1_0_0.y.*', ['choreographer', 'registry']],
    ['$JS.API.CONSUMER.CREATE.ORC_REQUESTS.x', ['choreographer']],
    ['$JS.API.CONSUMER.DELETE.ORC_WORK.x', ['choreographer', 'registry']],
    ['$JS.API.CONSUMER.DELETE.ORC_REQUESTS.x', ['choreographer']],
    ['$JS.API.DIRECT.GET.ORC_REGISTRY', ['choreographer', 'caller']],
    ['$JS.API.CONSUMER.LIST.ORC_WORK', ['choreographer', 'registry']],
    ['$JS.API.CONSUMER.MSG.NEXT.ORC_WORK.x', ['choreographer', 'editor', 'designer', 'plugin']],
    ['$JS.API.CONSUMER.MSG.NEXT.ORC_REQUESTS.x', ['choreographer']],
    ['$JS.API.DIRECT.GET.ORC_RESULTS.orc.v1.result.x.editor.i1', ['choreographer', 'editor', 'plugin', 'caller']],
    ['$JS.API.DIRECT.GET.ORC_RESULTS.orc.v1.result.editor.x.i1', ['choreographer', 'editor', 'plugin', 'caller']],
    ['$O.ORC_OBJECTS.C.x', ['editor', 'designer', 'plugin', 'caller']],
    ['$O.ORC_OBJECTS.M.x', ['editor', 'designer', 'plugin', 'caller']],
    ['$O.ANOTHER.C.x', []],
    ['$JS.API.STREAM.INFO.OBJ_ORC_OBJECTS', ['choreographer', 'registry', 'editor', 'designer', 'plugin', 'caller']],
    ['$JS.API.STREAM.MSG.GET.OBJ_ORC_OBJECTS', ['choreographer', 'editor', 'designer', 'plugin', 'caller']],
    ['$JS.API.STREAM.CREATE.OBJ_ORC_OBJECTS', ['choreographer', 'registry']],
    // With these, one could destroy what others' messages name, or have the server publish anything anywhere.
    ['$JS.API.STREAM.PURGE.OBJ_ORC_OBJECTS', ['choreographer']],
    ['$JS.API.STREAM.MSG.DELETE.OBJ_ORC_OBJECTS', ['choreographer']],
    ['$JS.API.CONSUMER.CREATE.OBJ_ORC_OBJECTS.x', ['choreographer']],
    ['$JS.API.CONSUMER.CREATE.OBJ_ORC_OBJECTS.x.$O.ORC_OBJECTS.C.y', ['choreographer']],
    ['$JS.API.DIRECT.GET.OBJ_ORC_OBJECTS', ['choreographer']],
    ['_INBOX.someone', ['choreographer', 'registry', 'editor', 'designer', 'plugin']],
    ['_INBOX_editor.someone', ['choreographer', 'registry', 'editor', 'designer', 'plugin']],
    ['anything.else', []],
  ])('%s is published by %j', async (subject, users) => {
    expect(await publishersOf(subject)).toEqual(users);
  });
});

describe('NATS permissions — what only one may hear', () => {
  it.each([
    ['orc.v1.exec.editor.>', ['choreographer', 'editor', 'plugin']],
    ['orc.v1.result.editor.>', ['choreographer']],
    ['orc.v1.stored.editor.>', ['choreographer', 'editor', 'plugin', 'caller']],
    ['orc.v1.chunk-stored.editor.>', ['choreographer', 'editor', 'plugin', 'caller']],
    ['orc.v1.read.*.editor.*', ['choreographer', 'editor', 'plugin']],
    ['orc.v1.chunk.>', ['choreographer']],
    ['orc.v1.work.>', ['choreographer']],
    ['orc.v1.call.>', ['choreographer']],
    ['orc.v1.announce.*', ['choreographer', 'registry']],
    ['orc.v1.beat.>', ['choreographer', 'registry']],
    ['$KV.ORC_CATALOGUE.>', ['choreographer']],
    ['_INBOX_editor.>', ['editor']],
    ['_INBOX_choreographer.>', ['choreographer']],
    ['_INBOX.>', ['caller']],
    ['>', []],
  ])('%s is heard by %j', async (subject, users) => {
    const heard: string[] = [];
    for (const user of Object.keys(all())) {
      const connection = await connectAs(user);
      if (await maySubscribe(connection, subject)) heard.push(user);
      await connection.close();
    }
    expect(heard).toEqual(users);
  });
});

describe('NATS permissions — what works', () => {
  it('a synchronous call passes the choreographer and is answered by the plugin', async () => {
    const forward = (message: Msg) =>
      choreographer.publish('orc.v1.exec.editor.1_0_0.copy-edit', message.data, { reply: message.reply });
    const calls = choreographer.subscribe('orc.v1.call.*.editor.*', { callback: (_, message) => forward(message) });
    const execs = editor.subscribe('orc.v1.exec.editor.>', {
      queue: 'editor',
      callback: (_, message) => void message.respond(`edited ${message.string()}`),
    });
    await Promise.all([choreographer.flush(), editor.flush()]);
    const answers = [
      await caller.request('orc.v1.call.me.editor.copy-edit', 'a'),
      await anyPlugin.request('orc.v1.call.mine.editor.copy-edit', 'b'),
    ];
    expect(answers.map((answer) => answer.string())).toEqual(['edited a', 'edited b']);
    calls.unsubscribe();
    execs.unsubscribe();
  });

  it('a durable request is stored, its work is pulled and acknowledged, its result stored and read', async () => {
    const stored = await jetstream(caller).publish('orc.v1.request.me.editor.copy-edit', '{"text":"a"}');
    expect(stored.stream).toBe('ORC_REQUESTS');
    await jetstream(choreographer).publish('orc.v1.work.editor.1_0_0.copy-edit.i2', '{"text":"a"}');
    const consumer = await jetstream(editor).consumers.get('ORC_WORK', 'editor-1_0_0-copy-edit');
    const messages = await consumer.fetch({ max_messages: 1, expires: 2_000 });
    for await (const message of messages) {
      const done = await jetstream(editor).publish('orc.v1.result.me.editor.i2', '"done"');
      expect(done.stream).toBe('ORC_RESULTS');
      expect(await message.ackAck()).toBe(true);
    }
    const streams = await (await jetstreamManager(caller)).streams.names().next();
    expect(streams).toEqual(['ORC_REQUESTS', 'ORC_RESULTS', 'ORC_WORK']);
    const result = await (await jetstreamManager(caller)).streams.getMessage('ORC_RESULTS', {
      last_by_subj: 'orc.v1.result.me.editor.i2',
    });
    expect(result?.string()).toBe('"done"');
    const own = await editor.request('$JS.API.DIRECT.GET.ORC_RESULTS.orc.v1.result.me.editor.i2');
    expect(own.string()).toBe('"done"');
  });

  it('the registry keeps the catalogue, and the choreographer watches it', async () => {
    const written = await new Kvm(registry).create('ORC_CATALOGUE');
    await written.put('editor.1_0_0', '{}');
    const watch = await (await new Kvm(choreographer).open('ORC_CATALOGUE')).watch();
    for await (const entry of watch) {
      expect(entry.key).toBe('editor.1_0_0');
      break;
    }
  });

  it('callers find services by the micro service protocol', async () => {
    const pings = editor.subscribe('$SRV.PING', {
      callback: (_, message) => void message.respond('{"name":"editor"}'),
    });
    await editor.flush();
    expect((await caller.request('$SRV.PING')).json()).toEqual({ name: 'editor' });
    pings.unsubscribe();
  });

  it('a wrong password is refused', async () => {
    await expect(connect({ servers: nats.url, user: 'editor', pass: 'guess', reconnect: false })).rejects.toThrow(
      /authorization/i,
    );
  });
});
