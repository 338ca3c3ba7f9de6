import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { type CallOutcome, readTree } from '@orchestrator/bus';
import { type RunningJaeger, shippedPlugins, startSystem } from '@orchestrator/local';
import { type CallTree, flattenTree, LIMITS, patterns, randomId } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../failure.js';
import { checkWritableFolder, readText } from '../input.js';
import { countSpans, NO_PAGE } from '../jaeger-api.js';
import { renderTree } from '../render-tree.js';
import { type Session, withSession } from '../session.js';
import { coloursFor, listenForInterruption, print, tell } from '../terminal.js';
import { jaegerIfToBeHad } from './up.js';

interface DemoOptions {
  readonly article: string;
  readonly out: string;
  readonly buildJaeger?: boolean;
}

/** What `editor.prepare-article` answers. */
interface PreparedArticle {
  readonly text: string;
  readonly edits: readonly unknown[];
  readonly remarks: readonly unknown[];
  readonly illustration: { readonly path: string; readonly alt: string; readonly svg: string };
}

const CALLER = 'demo';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('one plugin asks another for work on a real article; prints the call tree')
    .option(
      '--article <file>',
      'any Markdown file',
      join(projectFolder(), 'examples', 'articles', 'retries-that-do-no-harm.md'),
    )
    .option('--out <folder>', 'where the outputs go', 'out')
    .option('--build-jaeger', 'get a Jaeger even if building it takes minutes')
    .action(async (options: DemoOptions) => demo(options));
}

async function demo(options: DemoOptions): Promise<void> {
  const text = readArticle(options.article);
  checkWritableFolder(outputFolder(options));
  const interruption = listenForInterruption();
  const jaeger = await interruption.during(jaegerIfToBeHad(options.buildJaeger));
  try {
    const starting = startSystem({
      plugins: shippedPlugins(),
      otlpUrl: jaeger?.otlpHttpUrl,
      locate: { log: tell },
      onStep: (step) => tell(`starting ${step} …`),
    });
    const system = await interruption.during(starting);
    try {
      const session = { nats: system.nats.url, caller: CALLER };
      await interruption.during(withSession(session, (open) => prepare(open, text, options, jaeger)));
      if (jaeger?.process && process.stdout.isTTY) {
        tell('\nJaeger runs until Ctrl-C, so that you can look at the trace.');
        await interruption.happened;
      }
    } finally {
      await system.stop();
    }
  } finally {
    await jaeger?.stop();
  }
}

function outputFolder({ out, article }: DemoOptions): string {
  return join(out, basename(article, extname(article)));
}

function readArticle(file: string): string {
  const text = readText(file);
  if (text.trim() === '') throw new UsageError(`${file} is empty; give a Markdown file with some text.`);
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.inlineBytes / 2) {
    throw new UsageError(`${file} has ${bytes} bytes; an article may have ${LIMITS.inlineBytes / 2}.`);
  }
  return text;
}

async function prepare(
  session: Session,
  text: string,
  options: DemoOptions,
  jaeger: RunningJaeger | undefined,
): Promise<void> {
  session.bus.nc.subscribe(patterns.progressFor(CALLER), {
    callback: (error, msg) => {
      if (!error) tell(describeProgress(msg.string()));
    },
  });
  const ref = { plugin: 'editor', capability: 'prepare-article' };
  const handle = await session.client.request(ref, { text }, { key: `demo-${randomId()}` });
  tell(`request ${handle.sequence} for editor.prepare-article is stored; invocation ${handle.invocation}`);
  const outcome = await handle.outcome();
  const tree = await completeTree(session, outcome);
  if (outcome.result.ok) {
    report(
      writeOutputs(outputFolder(options), outcome.result.value as PreparedArticle),
      outcome.result.value as PreparedArticle,
    );
  } else {
    process.exitCode = EXIT.fault;
  }
  print(`\n${renderTree(tree, coloursFor(process.stdout))}`);
  await reportTrace(tree, jaeger);
}

function describeProgress(body: string): string {
  const { percent, message = '' } = JSON.parse(body) as { percent: number; message?: string };
  return `${String(Math.round(percent)).padStart(4)} %  ${message}`;
}

/** The history of the tree, once all of it has arrived. */
async function completeTree({ client }: Session, outcome: CallOutcome): Promise<CallTree> {
  for (let attempt = 0; ; attempt++) {
    const correlation = outcome.correlation;
    const tree = await readTree(client.requester, { correlation }).catch((error) => {
      if (attempt === 50) throw error;
    });
    if (tree && (flattenTree(tree).every((node) => node.endedAtMs !== undefined) || attempt === 50)) return tree;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function writeOutputs(folder: string, prepared: PreparedArticle): string[] {
  mkdirSync(folder, { recursive: true });
  const files = {
    'article.md': prepared.text,
    'edits.json': `${JSON.stringify({ edits: prepared.edits, remarks: prepared.remarks }, null, 2)}\n`,
    [prepared.illustration.path]: prepared.illustration.svg,
  };
  return Object.entries(files).map(([name, content]) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  });
}

function report(files: readonly string[], { edits, remarks }: PreparedArticle): void {
  const [article, list, picture] = files.map((file) => relative('.', resolve(file)));
  print(`\n${article}   the edited article, with its illustration`);
  print(`${list}   ${edits.length} edits, ${remarks.length} remarks`);
  print(`${picture}   the illustration`);
}

async function reportTrace(tree: CallTree, jaeger: RunningJaeger | undefined): Promise<void> {
  if (!jaeger) {
    print(
      '\nTo see the trace: npm run demo -- --build-jaeger (takes minutes, once), or set ORC_JAEGER_URL, or put jaeger on PATH.',
    );
    return;
  }
  const wanted = flattenTree(tree).length;
  const found = await countSpans(jaeger.queryUrl, tree.traceId, wanted);
  const count = `${found} of ${wanted} invocations`;
  if (jaeger.process && !process.stdout.isTTY) {
    print(`
Jaeger got the trace, ${count}, and ends with this demo, which waits only in a terminal. To keep traces: npx orchestrator up, or set ORC_JAEGER_URL to a Jaeger that runs.`);
  } else if (jaeger.hasPage) {
    print(`\n${jaeger.queryUrl}/trace/${tree.traceId}   the trace in Jaeger, ${count}`);
  } else {
    print(`\n${jaeger.queryUrl}/api/traces/${tree.traceId}   the trace, ${count}`);
    print(`This Jaeger ${NO_PAGE}`);
  }
}

function projectFolder(): string {
  return resolve(import.meta.dirname, '..', '..', '..');
}
