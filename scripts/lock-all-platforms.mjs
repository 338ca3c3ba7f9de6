#!/usr/bin/env node
/**
 * Completes package-lock.json. npm leaves out of the lock what the registry in use does not have, and `npm ci` then
 * refuses the lock. Packages with a binary per platform are such a case where a registry mirror carries only some platforms:
 * this adds an entry for each one that is missing, with the version that its parent asks for. They are optional, and are
 * fetched only on their own platform. Run it after every change of dependencies: `npm run lock`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const SYSTEMS = 'aix android darwin freebsd linux netbsd openbsd openharmony sunos wasi win32'.split(' ');
const PROCESSORS = 'arm64 arm ia32 loong64 mips64el ppc64 riscv64 s390x wasm32 x64'.split(' ');

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const packages = lock.packages;
let added = 0;
for (const [at, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(at, name) || !/^\d+\.\d+\.\d+/.test(version)) continue;
    const words = name.split(/[-/_@]/);
    const os = SYSTEMS.find((system) => words.includes(system));
    const cpu =
      PROCESSORS.find((processor) => words.includes(processor)) ?? (words.includes('gnueabihf') ? 'arm' : undefined);
    packages[`node_modules/${name}`] = {
      version,
      ...(cpu && { cpu: [cpu] }),
      ...(entry.dev && { dev: true }),
      optional: true,
      ...(os && { os: [os] }),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} platforms added to ${FILE}\n`);

/** Would Node find the package from there? */
function isLocked(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
}
