import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from './failure.js';

/** Reads a text file. @throws UsageError that says what is wrong with it */
export function readText(file: string): string {
  return readFile(file).toString();
}

/** Reads a file, or standard input for `-`. @throws UsageError that says what is wrong with it */
export function readBytes(source: string): Buffer {
  return source === '-' ? readFileSync(0) : readFile(source);
}

function readFile(file: string): Buffer {
  try {
    if (statSync(file).isDirectory()) throw new UsageError(`${file} is a folder; give a file.`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : String(code);
    throw new UsageError(`Cannot read ${file}: ${why}.`);
  }
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Checks that files can be written into a folder, which need not be there yet. @throws UsageError */
export function checkWritableFolder(folder: string): void {
  let place = resolve(folder);
  while (isAbsent(place)) place = dirname(place);
  if (!statSync(place).isDirectory()) throw new UsageError(`Cannot write to ${folder}: ${place} is a file.`);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch {
    throw new UsageError(`Cannot write to ${folder}: ${place} may not be written to.`);
  }
}

function isAbsent(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) === undefined;
}

/** Arguments of a call: JSON text, a file that holds it, or `-` for standard input. @throws UsageError */
export function readArguments(source: string): unknown {
  const isInline = /^\s*[[{"]/.test(source);
  const text = isInline ? source : readBytes(source).toString();
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = source === '-' ? 'Standard input' : isInline ? 'The value of --args' : source;
    throw new UsageError(`${where} is not JSON: ${(error as Error).message}.`);
  }
}
