/** Names that no plugin may have, since somebody or something of the system has them. */

const SERVICES = ['choreographer', 'registry', 'orchestrator', 'workflow', 'workflows'];
/** NATS users that are not of one plugin, and the caller that the command line is where nobody says otherwise. */
const USERS = ['plugin', 'caller', 'cli', 'operator'];
const SUBJECT_WORDS = (
  'announce aside attempt beat bound call cancelled catalogue chunk chunk-stored claim count-l count-s dead due event exec ' +
  'late nested orc progress query queued read replica report request result spend step stored timer v1 work'
).split(' ');

const REASONS: ReadonlyMap<string, string> = new Map([
  ...SUBJECT_WORDS.map((name) => [name, 'it is a word of the subjects of the system'] as const),
  ...USERS.map((name) => [name, 'it is the name of a user or caller of the system'] as const),
  ...SERVICES.map((name) => [name, 'it is the name of a service of the system'] as const),
]);

/** Why no plugin may have that name; undefined where one may. */
export function reservedReason(name: string): string | undefined {
  return REASONS.get(name);
}
