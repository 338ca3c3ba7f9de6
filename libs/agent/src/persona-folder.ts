import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@orchestrator/protocol';
import { type Persona, Personas, parsePersona } from './persona.js';

interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Reads the personas of a folder: each `*.md` in it, but not below.
 * @throws Fault `not-found` without the folder; `invalid-argument` with every problem of every file
 */
export async function loadPersonas(folder: string): Promise<Personas> {
  const files = (await filesIn(folder)).filter((file) => file.endsWith('.md')).sort();
  const personas = new Map<string, Persona>();
  const problems: FileProblem[] = [];
  for (const name of files) {
    const file = join(folder, name);
    const read = parsePersona(await readFile(file, 'utf8'), name.slice(0, -'.md'.length));
    problems.push(...(read.problems ?? []).map((problem) => ({ file, ...problem })));
    if (!read.persona) continue;
    if (personas.has(read.persona.name)) {
      problems.push({ file, line: 1, column: 1, message: `another file has the persona ${read.persona.name}` });
    }
    personas.set(read.persona.name, read.persona);
  }
  if (problems.length === 0) return new Personas(personas.values());
  const lines = problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  throw new Fault('invalid-argument', `The personas cannot be read:\n${lines.join('\n')}`, { problems });
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new Fault('not-found', `There is no folder of personas at ${folder}.`, { folder }, { cause });
  }
}
