import type { CallOutcome } from '@orchestrator/bus';
import { correlationIdOf, Fault, parseCallLimits, parseCapabilityRef } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../failure.js';
import { followOutput } from '../follow-output.js';
import { readArguments } from '../input.js';
import { type Session, withSession } from '../session.js';
import { commandLine, listenForInterruption, print, printJson, tell } from '../terminal.js';

interface CallCommandOptions {
  readonly args: string;
  readonly durable?: boolean;
  readonly wait: boolean;
  readonly id?: string;
  readonly range?: string;
  readonly sticky?: boolean;
  readonly timeout?: string;
  readonly limits?: string;
  readonly waitForNats?: string;
  readonly json?: boolean;
}

type ShowOptions = CallCommandOptions & { readonly nats: string | undefined };

export function addCallCommand(program: Command): void {
  program
    .command('call')
    .description('call a capability and print its result as JSON; of one that streams, each chunk before, a line each')
    .argument('<capability>', 'plugin.capability, like editor.copy-edit')
    .requiredOption('--args <json|file|->', 'the arguments: JSON, a file that holds JSON, or - for standard input')
    .option('--durable', 'store the request first, so that it outlives every process')
    .option('--no-wait', 'with --durable: print its ids and do not wait for the result; see "runs attach"')
    .option('--id <key>', 'idempotency key (ce-id)')
    .option('--range <semver>', 'which versions of the plugin are acceptable')
    .option('--sticky', 'use one version of each plugin in the whole call tree')
    .option('--timeout <seconds>', 'the deadline, from now')
    .option('--wait-for-nats <seconds>', 'wait so long for NATS and for a choreographer, where they are away')
    .option('--limits <list>', 'bounds of the call tree, like depth=4,calls=50,width=10,tokens=10000,usd=0.50')
    .option('--json', 'print result or fault together with invocation and correlation')
    .action(async (capability: string, options: CallCommandOptions) => {
      const ref = parseCapabilityRef(capability);
      const args = readArguments(options.args);
      if (!options.wait && !options.durable)
        throw new UsageError('--no-wait is for --durable: only a result that is stored can be had later.');
      const limits = options.limits === undefined ? undefined : parseCallLimits(options.limits);
      const callOptions = {
        range: options.range,
        sticky: options.sticky,
        key: options.id,
        timeoutMs: milliseconds('--timeout', options.timeout),
        limits,
        waitMs: milliseconds('--wait-for-nats', options.waitForNats),
      };
      const { nats } = program.opts<{ nats?: string }>();
      const work = withSession({ ...program.opts(), waitMs: callOptions.waitMs }, async (session) => {
        if (options.durable) await request(session, ref, args, callOptions, { ...options, nats });
        else show(await followOutput(session.client.stream(ref, args, callOptions), options), { ...options, nats });
      });
      await listenForInterruption().during(work); // Ctrl-C gives up waiting; what is stored goes on
    });
}

async function request(
  { client }: Session,
  ref: ReturnType<typeof parseCapabilityRef>,
  args: unknown,
  callOptions: Parameters<Session['client']['request']>[2],
  options: ShowOptions,
): Promise<void> {
  const handle = await client.request(ref, args, callOptions).catch(explainFull);
  if (!options.wait) {
    const { invocation, sequence: request } = handle;
    printJson({ invocation, correlation: correlationIdOf(invocation), request });
    return;
  }
  if (!options.json)
    tell(`Stored as request ${handle.sequence}, invocation ${handle.invocation}; waiting for the result.`);
  show(await followOutput(handle, options), options);
}

/** What a person can do when no more requests are taken. */
function explainFull(error: unknown): never {
  if (!Fault.is(error) || error.code !== 'exhausted') throw error;
  const message = `${error.message} Nothing was stored. See with "orchestrator plugins" what is gone or fails, and try again when requests have been worked off; an operator can raise ORC_REQUESTS_MAX_BYTES.`;
  throw new Fault(error.code, message, error.details, { cause: error });
}

/** How a call ended. */
export function show(outcome: CallOutcome, { json, nats }: Pick<ShowOptions, 'json' | 'nats'>): void {
  const { result, invocation, correlation } = outcome;
  if (!result.ok) process.exitCode = EXIT.fault;
  if (json) {
    printJson({ ...(result.ok ? { result: result.value } : { fault: result.fault }), invocation, correlation });
    return;
  }
  if (result.ok) print(JSON.stringify(result.value, null, 2));
  else tell(describeFault(result.fault));
  if (correlation) tell(`Call tree: ${commandLine(nats, `trace ${correlation}`)}`);
}

function describeFault(fault: Fault): string {
  const problems = fault.details?.problems;
  const lines = Array.isArray(problems) ? problems.map((p) => `  ${p.pointer || '/'}: ${p.message}`) : [];
  const afterMs = fault.details?.retryAfterMs;
  const again = typeof afterMs === 'number' ? [`  Try again in ${Math.ceil(afterMs / 100) / 10} s.`] : [];
  return [`${fault.code}: ${fault.message}`, ...lines, ...again].join('\n');
}

function milliseconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0) throw new UsageError(`${option} takes a positive number of seconds.`);
  return seconds * 1000;
}
