/** What is wrong at one place of a JSON document. */
export interface Problem {
  /** RFC 6901: `/capabilities/0/name`; empty for the whole document. */
  readonly pointer: string;
  /** What was expected there. */
  readonly message: string;
}

/** More problems than these help nobody, and a message that lists them has to fit on the wire. */
const MAX_PROBLEMS = 100;

/** The pointer to a member of what `pointer` points to. */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The first hundred problems; how many there are besides is said in one more. */
export function boundProblems(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const rest = problems.length - MAX_PROBLEMS;
  return [...problems.slice(0, MAX_PROBLEMS), { pointer: '', message: `and ${rest} more of the kind` }];
}
