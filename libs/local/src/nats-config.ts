/**
 * Who may publish and subscribe to what: the NATS users of an installation, denied everything that is not listed.
 * Subjects are those of docs/protocol.md. Only the choreographer publishes `exec`, `work`, `timer` and `event`: that is
 * why a host may trust what arrives there. Every user but callers has an inbox prefix of its own (`_INBOX_<user>`), so
 * that nobody reads another's answers; callers share `_INBOX`, the prefix of every NATS client.
 *
 * What permissions cannot do: nats-server answers a stream's request or publish on whatever reply subject it names, also
 * one that the user may not publish to. Such an answer is a PubAck, or a stored message with `Nats-Stream` in its headers:
 * readers of `exec`, `work`, `timer` and `event` refuse a message with that header, and one without a call context. The same
 * could be done with a consumer of a stream that a user may write to, and there without that header: nobody but services may
 * make one. So objects are read by `STREAM.MSG.GET`, whose answers are JSON of the server's own.
 */
import { randomBytes } from 'node:crypto';
import { CATALOGUE_BUCKET, isName, OBJECTS_BUCKET, reservedReason, STREAMS } from '@orchestrator/protocol';

/** The development user, for a plugin of any name that the configuration does not list. */
export const ANY_PLUGIN_USER = 'plugin';
/** The user of a connection that brings no credentials. */
const CALLER_USER = 'caller';
const SERVICE_USERS = ['choreographer', 'registry'];

export interface NatsConfigOptions {
  /** The plugins that get a user of their own, named like them. */
  readonly plugins: readonly string[];
  /** The password of a user: a text, or the environment variable of nats-server that has it. */
  readonly password: (user: string) => string | { readonly env: string };
}

interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** All users of an installation with these plugins. @throws RangeError for a name that is not a plugin's */
export function natsUsers(plugins: readonly string[]): string[] {
  const users = [...SERVICE_USERS, ...plugins, ANY_PLUGIN_USER, CALLER_USER];
  const bad = plugins.find(
    (name) => !isName(name) || reservedReason(name) !== undefined || users.filter((user) => user === name).length > 1,
  );
  if (bad !== undefined) throw new RangeError(`"${bad}" cannot be the name of a plugin's NATS user`);
  return users;
}

/** A random password for each user. */
export function createNatsPasswords(plugins: readonly string[]): Record<string, string> {
  return Object.fromEntries(natsUsers(plugins).map((user) => [user, randomBytes(18).toString('base64url')]));
}

/** The address at which a client of this user connects; of a cluster, `nats://host:port,host:port`. */
export function natsUrlAs(url: string, user: string, password: string): string {
  const [scheme = 'nats', host = url] = url.includes('://') ? url.split('://') : [];
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}`;
}

/** The environment variable that has a user's password in deploy/nats/nats.conf. */
export function passwordVariable(user: string): string {
  return `ORC_${user.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
}

/** The text of a nats-server configuration: users and permissions, nothing about ports and folders. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const users = natsUsers(options.plugins);
  const blocks = users.map((user) => {
    const password = options.password(user);
    const value = typeof password === 'string' ? JSON.stringify(password) : `$${password.env}`;
    const { publish, subscribe } = permissionsOf(user, users);
    return `    {
      user: ${user}
      password: ${value}
      permissions: {
        publish: [${list(publish)}]
        subscribe: [${list(subscribe)}]
      }
    }`;
  });
  return `# Users and permissions of the Orchestrator. Whatever is not listed is denied.
# Written by libs/local/src/nats-config.ts; change it there.
no_auth_user: ${CALLER_USER}
authorization: {
  users: [
${blocks.join('\n')}
  ]
}
`;
}

function list(subjects: readonly string[]): string {
  return `\n${subjects.map((subject) => `          ${JSON.stringify(subject)}\n`).join('')}        `;
}

function permissionsOf(user: string, users: readonly string[]): Permissions {
  // A wildcard stands for whole tokens only, so `_INBOX_*.>` would match nothing: every inbox is named.
  const inboxes = ['_INBOX.>', ...users.filter((other) => other !== CALLER_USER).map((other) => `_INBOX_${other}.>`)];
  if (user === 'choreographer') return choreographer(inboxes);
  if (user === 'registry') return registry(inboxes);
  if (user === CALLER_USER) return caller();
  return plugin(user, user === ANY_PLUGIN_USER ? '*' : user, inboxes);
}

/** Write objects, which nobody may alter or remove then, and read them. */
const OBJECTS = [
  `$O.${OBJECTS_BUCKET}.C.*`,
  `$O.${OBJECTS_BUCKET}.M.*`,
  `$JS.API.STREAM.INFO.${STREAMS.objects.name}`,
  `$JS.API.STREAM.MSG.GET.${STREAMS.objects.name}`,
];

function choreographer(inboxes: readonly string[]): Permissions {
  const kinds = [
    'request',
    'aside',
    'exec',
    'work',
    'timer',
    'bound',
    'cancelled',
    'replica',
    'event',
    'result',
    'dead',
    'catalogue',
    'count-s',
    'count-l',
  ];
  return {
    publish: [
      ...kinds.map((kind) => `orc.v1.${kind}.>`),
      'orc.v1.query.choreographer.tree',
      ...inboxes,
      ...['$JS.API.>', '$JS.ACK.>', '$JS.FC.>', '$KV.>', '$SRV.>'], // $JS.FC answers the flow control of a bucket's watch
    ],
    subscribe: ['orc.v1.>', '_INBOX_choreographer.>', '$KV.>', '$SRV.>'],
  };
}

/** It makes the streams, the consumers of work and its bucket, which it also reads; it removes no stream and reads none, but removes consumers of forgotten work. */
function registry(inboxes: readonly string[]): Permissions {
  const bucket = `KV_${CATALOGUE_BUCKET}`;
  const streams = [...Object.values(STREAMS).map(({ name }) => name), bucket];
  return {
    publish: [
      'orc.v1.catalogue.>',
      'orc.v1.registry.>',
      ...inboxes,
      '$JS.API.INFO',
      ...streams.flatMap((name) => [`$JS.API.STREAM.INFO.${name}`, `$JS.API.STREAM.CREATE.${name}`]),
      ...[STREAMS.work.name, bucket].map((name) => `$JS.API.CONSUMER.CREATE.${name}.>`),
      `$JS.API.CONSUMER.LIST.${STREAMS.work.name}`,
      ...[STREAMS.work.name, bucket].map((name) => `$JS.API.CONSUMER.DELETE.${name}.*`),
      `$JS.FC.${bucket}.>`,
      `$KV.${CATALOGUE_BUCKET}.>`,
      '$SRV.>',
    ],
    subscribe: ['orc.v1.announce.*', 'orc.v1.beat.>', 'orc.v1.query.registry.>', '_INBOX_registry.>', '$SRV.>'],
  };
}

/**
 * `$JS.API.CONSUMER.MSG.NEXT.ORC_WORK.<consumer>` and `$JS.ACK.ORC_WORK.<consumer>…` carry the consumer's name
 * `<plugin>-<version>-<capability>` as one token, of which a wildcard cannot match a part. So a plugin's host may pull and
 * acknowledge any work; what it may not is to answer for another plugin, to read results that are neither its own nor for it,
 * nor to make or change a consumer. The development user may all that for any plugin.
 */
function plugin(user: string, name: string, inboxes: readonly string[]): Permissions {
  return {
    publish: [
      `orc.v1.call.${name}.*.*`,
      `orc.v1.request.${name}.*.*`,
      `orc.v1.nested.${name}.*.*`,
      `orc.v1.result.*.${name}.*`,
      `orc.v1.attempt.${name}.*`,
      `orc.v1.claim.${name}.*`,
      `orc.v1.step.${name}.*.*`,
      `orc.v1.dead.${name}.*.*`,
      `orc.v1.late.${name}.*.*`,
      `orc.v1.progress.*.${name}.*`,
      `orc.v1.chunk.*.${name}.*`,
      `orc.v1.read.${name}.*.*`,
      `orc.v1.report.${name}`,
      `orc.v1.spend.${name}`,
      `orc.v1.announce.${name}`,
      `orc.v1.beat.${name}.*.*`,
      'orc.v1.query.registry.plugins',
      ...inboxes,
      '$JS.API.CONSUMER.INFO.ORC_WORK.*',
      '$JS.API.CONSUMER.MSG.NEXT.ORC_WORK.*',
      '$JS.ACK.ORC_WORK.>',
      `$JS.API.DIRECT.GET.ORC_CLAIMS.orc.v1.claim.${name}.*`,
      `$JS.API.DIRECT.GET.ORC_STEPS.orc.v1.step.${name}.*.*`,
      `$JS.API.DIRECT.GET.ORC_RESULTS.orc.v1.result.*.${name}.*`,
      `$JS.API.DIRECT.GET.ORC_RESULTS.orc.v1.result.${name}.*.*`,
      ...OBJECTS,
      `$JS.API.DIRECT.GET.ORC_CHUNKS.orc.v1.chunk.*.${name}.*`,
      '$SRV.>',
    ],
    subscribe: [
      `orc.v1.exec.${name}.>`,
      'orc.v1.cancelled.*',
      `orc.v1.stored.${name}.>`,
      `orc.v1.progress.${name}.>`,
      `orc.v1.chunk-stored.${name}.>`,
      `orc.v1.read.*.${name}.*`,
      'orc.v1.catalogue.>',
      `_INBOX_${user}.>`,
      '$SRV.>',
    ],
  };
}

/** What `nats req`, `nats pub -J`, `nats stream ls`, `nats stream get ORC_RESULTS` and `nats micro ls` need. */
function caller(): Permissions {
  return {
    publish: [
      'orc.v1.call.*.*.*',
      'orc.v1.request.*.*.*',
      'orc.v1.read.*.*.*',
      'orc.v1.query.>',
      '$JS.API.INFO',
      '$JS.API.STREAM.INFO.*',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.MSG.GET.ORC_RESULTS',
      '$JS.API.DIRECT.GET.ORC_RESULTS',
      '$JS.API.DIRECT.GET.ORC_RESULTS.>',
      '$JS.API.STREAM.MSG.GET.ORC_REGISTRY',
      '$JS.API.DIRECT.GET.ORC_REGISTRY',
      '$JS.API.DIRECT.GET.ORC_REGISTRY.>',
      ...OBJECTS.filter((subject) => !subject.includes('STREAM.INFO')),
      '$SRV.>',
    ],
    subscribe: [
      '_INBOX.>',
      'orc.v1.stored.>',
      'orc.v1.progress.>',
      'orc.v1.chunk-stored.>',
      'orc.v1.catalogue.>',
      'orc.v1.registry.>',
    ],
  };
}
