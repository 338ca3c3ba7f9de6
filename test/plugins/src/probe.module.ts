import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Module } from '@nestjs/common';
import { Capability, CapabilityClient, Fault, InvocationContext, PluginModule } from '@orchestrator/plugin-sdk';
import { effect } from './effect.js';
import { Guarded } from './guarded.js';
import {
  AnyOutput,
  CallInput,
  ChainInput,
  EchoInput,
  EchoOutput,
  FanInput,
  FlakyInput,
  Nothing,
  SizeInput,
  SpendInput,
  StreamInput,
  WorkInput,
} from './probe.dto.js';
import { Weigher } from './weigher.js';

/** Resolves when a test has made the file. */
async function fileThere(file: string, signal: AbortSignal): Promise<void> {
  while (!existsSync(file)) await delay(5, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** Calls made with no invocation around them, as a forgotten callback makes them. */
const outside: { run?: () => void } = {};
setInterval(() => {
  outside.run?.();
  delete outside.run;
}, 5).unref();

@Controller()
class Probe {
  readonly #capabilities: CapabilityClient;

  constructor(capabilities: CapabilityClient) {
    this.#capabilities = capabilities;
  }

  @Capability({ name: 'echo', description: 'Answers what it gets.', input: EchoInput, output: EchoOutput })
  echo({ text, times = 1 }: EchoInput): EchoOutput {
    return { text: text.repeat(times ?? 1) };
  }

  @Capability({ name: 'work', description: 'Takes its time, and logs it.', input: WorkInput, output: EchoOutput })
  async work({ name, ms }: WorkInput, context: InvocationContext): Promise<EchoOutput> {
    effect('started', name, context);
    context.progress(1, name);
    await delay(ms, undefined, { signal: context.signal }).catch(() => context.signal.throwIfAborted());
    effect('ended', name, context);
    return { text: name };
  }

  @Capability({
    name: 'narrow',
    description: 'Works, two at a time.',
    input: WorkInput,
    output: EchoOutput,
    concurrency: 2,
  })
  narrow(input: WorkInput, context: InvocationContext): Promise<EchoOutput> {
    return this.work(input, context);
  }

  @Capability({ name: 'call', description: 'Calls what it is told to.', input: CallInput, output: AnyOutput })
  async call(input: CallInput): Promise<AnyOutput> {
    const options = {
      ...(input.key != null && { key: input.key }),
      ...(input.timeoutMs != null && { timeoutMs: input.timeoutMs }),
    };
    const args = JSON.parse(input.argsJson) as object;
    if (input.mode === 'durable') {
      const requested = await this.#capabilities.request(input.capability, args, options);
      return { json: JSON.stringify({ invocation: requested.invocation, result: await requested.result() }) };
    }
    return { json: JSON.stringify(await this.#capabilities.call(input.capability, args, options)) };
  }

  @Capability({ name: 'fan', description: 'Calls many at once.', input: FanInput, output: AnyOutput })
  async fan({ capability, argsJson, times, mode, limitsJson }: FanInput): Promise<AnyOutput> {
    const options = limitsJson == null ? {} : { limits: JSON.parse(limitsJson) };
    const calls = Array.from({ length: times }, async (_, n) => {
      const args = JSON.parse(argsJson.replaceAll('#', String(n))) as object;
      if (mode !== 'durable') return this.#capabilities.call(capability, args, options);
      return (await this.#capabilities.request(capability, args, options)).result();
    });
    const outcomes = await Promise.allSettled(calls);
    return { json: JSON.stringify(outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason))) };
  }

  @Capability({ name: 'spend', description: 'Spends tokens.', input: SpendInput, output: AnyOutput })
  async spend({ tokens, capability }: SpendInput, context: InvocationContext): Promise<AnyOutput> {
    const refused: unknown[] = [];
    for (const one of tokens) await context.spend({ tokens: one }).catch((fault) => refused.push(fault));
    if (capability != null) await context.call(capability, {}).catch((fault) => refused.push(fault));
    return { json: JSON.stringify(refused) };
  }

  @Capability({ name: 'relay', description: 'Calls the next of a chain.', input: ChainInput, output: AnyOutput })
  relay({ rest }: ChainInput): Promise<AnyOutput> {
    return this.next(rest);
  }

  @Capability({ name: 'lost', description: 'Calls from outside its context.', input: EchoInput, output: AnyOutput })
  lost(input: EchoInput): Promise<AnyOutput> {
    return new Promise((resolve, reject) => {
      outside.run = () => {
        this.#capabilities.call('probe.echo', input).then((value) => resolve({ json: JSON.stringify(value) }), reject);
      };
    });
  }

  @Capability({
    name: 'kept',
    description: 'Calls from a callback, with its context.',
    input: EchoInput,
    output: AnyOutput,
  })
  kept(input: EchoInput, context: InvocationContext): Promise<AnyOutput> {
    return new Promise((resolve, reject) => {
      outside.run = () => {
        context.call('probe.echo', input).then((value) => resolve({ json: JSON.stringify(value) }), reject);
      };
    });
  }

  @Capability({ name: 'fail', description: 'Throws an ordinary error.', input: Nothing, output: EchoOutput })
  fail(): EchoOutput {
    throw new Error('the probe failed on purpose');
  }

  @Capability({
    name: 'flaky',
    description: 'Fails until the attempt of that number.',
    input: FlakyInput,
    output: EchoOutput,
    retry: { attempts: 4, backoffMs: 50, maxBackoffMs: 200 },
  })
  async flaky({ name, until, retryAfterMs, ms }: FlakyInput, context: InvocationContext): Promise<EchoOutput> {
    effect('started', name, context);
    if (ms != null) await delay(ms);
    if (context.attempt < until)
      throw new Fault('failed', `attempt ${context.attempt}`, { ...(retryAfterMs != null && { retryAfterMs }) });
    return { text: `attempt ${context.attempt}` };
  }

  @Capability({
    name: 'once',
    description: 'Does what must not be done twice, and takes its time.',
    input: WorkInput,
    output: EchoOutput,
    idempotent: false,
  })
  async once({ name, ms }: WorkInput, context: InvocationContext): Promise<EchoOutput> {
    effect('started', name, context);
    await delay(ms);
    effect('ended', name, context);
    if (name.startsWith('fails')) throw new Error('failed after it was done');
    return { text: name };
  }

  @Capability({
    name: 'stream',
    description: 'Streams numbered chunks.',
    input: StreamInput,
    output: EchoOutput,
    streaming: true,
    retry: { attempts: 2, backoffMs: 1, maxBackoffMs: 1 },
  })
  async stream(input: StreamInput, context: InvocationContext): Promise<EchoOutput> {
    const { name, chunks, bytes, failsAfter, waitsAfter, gate } = input;
    for (let n = 1; n <= chunks; n++) {
      if (context.attempt === 1 && failsAfter === n - 1) throw new Error('the stream breaks off');
      if (waitsAfter === n - 1 && gate != null) await fileThere(gate, context.signal);
      await context.emit({ n, ...(bytes != null && { pad: 'x'.repeat(bytes) }) });
      effect('started', `${name}.${n}`, context);
      context.progress((100 * n) / chunks, `${n} of ${chunks}`);
    }
    return { text: `${chunks} chunks` };
  }

  @Capability({
    name: 'generate',
    description: 'Yields its chunks.',
    input: StreamInput,
    output: EchoOutput,
    streaming: true,
  })
  async *generate({ name, chunks, failsAfter }: StreamInput, context: InvocationContext) {
    try {
      for (let n = 1; n <= chunks; n++) {
        if (failsAfter === n - 1) throw new Fault('unimplemented', 'the generator breaks off');
        yield `${name}.${n}`;
      }
      return { text: `${chunks} chunks` };
    } finally {
      effect('ended', name, context);
    }
  }

  @Capability({
    name: 'hasty',
    description: 'Streams without waiting.',
    input: StreamInput,
    output: EchoOutput,
    streaming: true,
  })
  hasty({ name, chunks }: StreamInput, context: InvocationContext): EchoOutput {
    for (let n = 1; n <= chunks; n++) void context.emit(n);
    return { text: name };
  }

  @Capability({ name: 'silent', description: 'Streams undeclared.', input: Nothing, output: EchoOutput })
  async silent(_input: Nothing, context: InvocationContext): Promise<EchoOutput> {
    await context.emit('never');
    return { text: 'never' };
  }

  @Capability({ name: 'listen', description: 'Reads what another streams.', input: CallInput, output: AnyOutput })
  async listen({ capability, argsJson, mode }: CallInput, context: InvocationContext): Promise<AnyOutput> {
    const args = JSON.parse(argsJson) as object;
    const call = mode === 'durable' ? await context.request(capability, args) : context.stream(capability, args);
    const chunks: unknown[] = [];
    for await (const { sequence, value } of call.chunks()) chunks.push([sequence, value]);
    return { json: JSON.stringify({ chunks, result: await call.result() }) };
  }

  @Capability({ name: 'refuse', description: 'Throws a fault of its own.', input: Nothing, output: EchoOutput })
  refuse(): EchoOutput {
    throw new Fault('exhausted', 'no more today', { until: 'tomorrow' });
  }

  @Capability({
    name: 'refuse-oddly',
    description: 'Throws a fault that JSON cannot hold, and that is far too large.',
    input: SizeInput,
    output: EchoOutput,
  })
  refuseOddly({ bytes }: SizeInput): EchoOutput {
    const list = Array.from({ length: bytes / 100 }, () => 'x'.repeat(97));
    throw new Fault('failed', 'odd', { big: 1n, list, plain: 'kept' });
  }

  @Capability({
    name: 'throw-nothing',
    description: 'Throws what is no error.',
    input: Nothing,
    output: EchoOutput,
  })
  throwNothing(): EchoOutput {
    throw null;
  }

  @Capability({ name: 'token', description: 'Gives its call context away.', input: Nothing, output: EchoOutput })
  token(_input: Nothing, context: InvocationContext): EchoOutput {
    return { text: context.token };
  }

  @Capability({
    name: 'hang',
    description: 'Never answers, whatever the signal says.',
    input: Nothing,
    output: EchoOutput,
    deadlineMs: 300,
  })
  hang(): Promise<EchoOutput> {
    return new Promise(() => {});
  }

  @Capability({
    name: 'block',
    description: 'Blocks the whole process.',
    input: WorkInput,
    output: EchoOutput,
    deadlineMs: 300,
  })
  block({ name, ms }: WorkInput): EchoOutput {
    const end = Date.now() + ms;
    while (Date.now() < end);
    return { text: name };
  }

  @Capability({ name: 'die', description: 'Takes its process with it.', input: Nothing, output: EchoOutput })
  die(): EchoOutput {
    process.kill(process.pid, 'SIGKILL');
    return { text: 'never' };
  }

  @Capability({
    name: 'misanswer',
    description: 'Answers what its schema does not allow.',
    input: Nothing,
    output: EchoOutput,
  })
  misanswer(): EchoOutput {
    return { text: 1, extra: true } as unknown as EchoOutput;
  }

  @Capability({ name: 'unwritable', description: 'Answers what JSON cannot hold.', input: Nothing, output: EchoOutput })
  unwritable(): EchoOutput {
    return { text: 1n } as unknown as EchoOutput;
  }

  @Capability({ name: 'big', description: 'Answers so many bytes.', input: SizeInput, output: EchoOutput })
  big({ bytes }: SizeInput): EchoOutput {
    return { text: 'x'.repeat(bytes) };
  }

  @Capability({ name: 'self', description: 'Calls itself.', input: Nothing, output: AnyOutput })
  async self(): Promise<AnyOutput> {
    return { json: JSON.stringify(await this.#capabilities.call('probe.self', {})) };
  }

  private async next([first, ...rest]: string[]): Promise<AnyOutput> {
    return first === undefined ? { json: '"end"' } : this.#capabilities.call(first, { rest });
  }
}

/** One class with many capabilities that only pass on: `probe.step-1` to `probe.step-20`, for chains of any depth. */
@Controller()
class Steps {
  readonly #capabilities: CapabilityClient;

  constructor(capabilities: CapabilityClient) {
    this.#capabilities = capabilities;
  }

  async step({ name, rest: [first, ...rest] }: ChainInput, context: InvocationContext): Promise<AnyOutput> {
    const place = `${name}.${context.depth}`;
    if (name != null) effect('started', place, context);
    const end = { json: '"end"' };
    const answer = first === undefined ? end : await this.#capabilities.call<AnyOutput>(first, { name, rest });
    if (name != null) effect('ended', place, context);
    return answer;
  }
}

for (let n = 1; n <= 20; n++) {
  const key = `step${n}`;
  const prototype = Steps.prototype as unknown as Record<string, Steps['step']>;
  prototype[key] = async function (this: Steps, input, context) {
    return this.step(input, context);
  };
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as TypedPropertyDescriptor<Steps['step']>;
  Reflect.defineMetadata('design:paramtypes', [ChainInput], prototype, key);
  Capability({ name: `step-${n}`, description: 'Passes on.', input: ChainInput, output: AnyOutput })(
    prototype,
    key,
    descriptor,
  );
}

@Module({
  imports: [
    PluginModule.forRoot({
      name: process.env.PROBE_NAME ?? 'probe',
      version: process.env.PROBE_VERSION ?? '1.0.0',
      description: 'Behaves and misbehaves in known ways.',
    }),
  ],
  controllers: [Probe, Steps, Guarded, Weigher],
})
export class ProbeModule {}
