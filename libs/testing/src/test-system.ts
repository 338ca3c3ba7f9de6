/** A whole system of real processes on a private nats-server, for one test file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, type Bus, CallClient, connectBus, readTree } from '@orchestrator/bus';
import { type PluginEntry, type RunningSystem, startSystem } from '@orchestrator/local';
import {
  type CallTree,
  type FoundRoots,
  flattenTree,
  type InvocationNode,
  type KeyQuery,
  type TreeQuery,
} from '@orchestrator/protocol';
import { PROBE_GRANTS } from './fixtures.js';

export interface TestSystemOptions {
  readonly plugins: readonly PluginEntry[];
  readonly otlpUrl?: string;
  /** More than one are a cluster. @default 1 */
  readonly natsServers?: number;
  /** Added to the environment of every process. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface TestSystem extends RunningSystem {
  /** Connected as a caller without credentials. */
  readonly bus: Bus;
  readonly client: CallClient;
  /** Kills a process with SIGKILL, and resolves when it is gone. */
  kill(name: string): Promise<void>;
  /** What the processes have written, each line as `name | line`. */
  readonly log: readonly string[];
  /** Deletes what the choreographer keeps beside the streams; call it while none runs. */
  forgetProjection(): void;
  /** Waits until the history holds a tree that fits; of a key, the newest. @throws with what it holds instead */
  treeWhere(query: TreeQuery | KeyQuery, fits: (nodes: readonly InvocationNode[]) => boolean): Promise<CallTree>;
}

const TREE_TIMEOUT_MS = 20_000;
const TREE_POLL_MS = 20;

export async function startTestSystem(options: TestSystemOptions): Promise<TestSystem> {
  const dataDir = mkdtempSync(join(tmpdir(), 'orc-test-'));
  const log: string[] = [];
  const env = { ORC_GRANTS: PROBE_GRANTS, ...options.env };
  const system = await startSystem({ ...options, env, dataDir, log: (line) => log.push(line) });
  const bus = await connectBus({ url: system.nats.url, name: 'test' });
  const client = new CallClient(bus, 'tester');
  return {
    ...system,
    bus,
    client,
    log,
    forgetProjection: () => rmSync(join(dataDir, 'choreographer'), { recursive: true, force: true }),
    treeWhere: (query, fits) => treeWhere(client, query, fits),
    kill: async (name) => {
      const running = system.processes.get(name);
      running?.kill('SIGKILL');
      await running?.exited;
    },
    stop: async () => {
      await bus.nc.close();
      await system.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Waits until the history holds a tree that fits. @throws with what it holds instead */
export async function treeWhere(
  client: CallClient,
  query: TreeQuery | KeyQuery,
  fits: (nodes: readonly InvocationNode[]) => boolean,
): Promise<CallTree> {
  const giveUpAtMs = Date.now() + TREE_TIMEOUT_MS;
  for (;;) {
    let tree: CallTree | undefined;
    let trouble: unknown;
    try {
      const named = 'key' in query ? { correlation: await newestOf(client, query) } : query;
      tree = await readTree(client.requester, named);
    } catch (error) {
      trouble = error;
    }
    if (tree && fits(flattenTree(tree))) return tree;
    if (Date.now() > giveUpAtMs) {
      throw new Error(`No fitting tree: ${tree ? JSON.stringify(tree, null, 2) : String(trouble)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, TREE_POLL_MS));
  }
}

async function newestOf(client: CallClient, query: KeyQuery): Promise<string | undefined> {
  const { roots } = await ask<FoundRoots>(client.requester, 'choreographer', 'find', query);
  return roots.at(-1)?.correlation;
}
