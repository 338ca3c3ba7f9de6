/** A plugin with a pipeline as a Nest module like any other plugin's: with one capability, `run`. */
import { Controller, Module, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { Fault } from '@orchestrator/protocol';
import { IsDefined, IsObject, IsOptional, IsString } from 'class-validator';
import { Capability } from '../capability.decorator.js';
import { InvocationContext } from '../invocation-context.js';
import type { PluginRequest } from '../pipeline/phase.js';
import { type PipelineOutput, runPipeline } from '../pipeline/run-pipeline.js';
import { PluginModule } from '../plugin.module.js';
import type { Plugin } from './plugin.js';

class RunInput {
  @IsString() input!: string;
  @IsOptional() @IsObject() options?: Record<string, unknown> | null;
}

class RunOutput {
  /** What the last phase has answered. */
  @IsDefined() data: unknown;
  /** Of the phases that have some, by their names. */
  @IsObject() metadata!: Record<string, unknown>;
}

export function pluginService(plugin: Plugin): Type {
  @Controller()
  class PipelineController implements OnApplicationShutdown {
    @Capability({ ...plugin.run, name: 'run', description: plugin.description, input: RunInput, output: RunOutput })
    async run({ input, options }: RunInput, invocation: InvocationContext): Promise<PipelineOutput> {
      const request = { input, options: options ?? {} };
      await validate(plugin, request);
      const { data, metadata } = await runPipeline(plugin.getPipeline(), request, invocation);
      return { data, metadata };
    }

    async onApplicationShutdown(): Promise<void> {
      await plugin.close?.();
    }
  }

  @Module({ imports: [PluginModule.forRoot(plugin)], controllers: [PipelineController] })
  class PipelineModule {}
  return PipelineModule;
}

async function validate(plugin: Plugin, request: PluginRequest): Promise<void> {
  try {
    await plugin.validateRequest?.(request);
  } catch (error) {
    throw Fault.from(error, 'invalid-argument');
  }
}
