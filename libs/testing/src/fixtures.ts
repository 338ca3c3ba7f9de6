import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginEntry } from '@orchestrator/local';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** The plugins of `test/plugins`: they behave and misbehave in known ways. */
export const PROBE: PluginEntry = { name: 'probe', entry: join(ROOT, 'test/plugins/dist/probe.js') };
export const MIRROR: PluginEntry = { name: 'mirror', entry: join(ROOT, 'test/plugins/dist/mirror.js') };
export const ASSISTANT: PluginEntry = { name: 'assistant', entry: join(ROOT, 'test/plugins/dist/assistant.js') };
export const NOVELIST: PluginEntry = { name: 'novelist', entry: join(ROOT, 'test/plugins/dist/novelist.js') };
export const STEPPER: PluginEntry = { name: 'stepper', entry: join(ROOT, 'test/plugins/dist/stepper.js') };
/** They call whatever they are told to, which no manifest can list: for `ORC_GRANTS`. */
export const PROBE_GRANTS = 'probe: *; mirror: *';
