import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Capability, Fault, InvocationContext } from '@orchestrator/plugin-sdk';
import { effect } from './effect.js';
import { EchoOutput, WeighInput } from './probe.dto.js';

@Controller()
export class Weigher {
  @Capability({
    name: 'weigh',
    description: 'Answers the load that it gets, or says that it is too heavy.',
    input: WeighInput,
    output: EchoOutput,
    retry: { attempts: 3, backoffMs: 50, maxBackoffMs: 200 },
  })
  async weigh({ name, load, ms, until }: WeighInput, context: InvocationContext): Promise<EchoOutput> {
    effect('started', name, context);
    if (context.attempt < (until ?? 1)) throw new Fault('failed', `too heavy for attempt ${context.attempt}`);
    await delay(ms ?? 0);
    effect('ended', name, context);
    return { text: load };
  }
}
