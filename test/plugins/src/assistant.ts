/** A plugin whose agent may use the editor and the designer. */
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { Capability, InvocationContext, PluginModule, runPlugin } from '@orchestrator/plugin-sdk';
import { IsArray, IsInt, IsOptional, IsString } from 'class-validator';

class AskInput {
  @IsString() prompt!: string;
  @IsArray() @IsString({ each: true }) tools!: string[];
  @IsOptional() @IsString() persona?: string;
}

class AskOutput {
  @IsString() text!: string;
  @IsInt() turns!: number;
}

@Controller()
class Assistant {
  @Capability({ name: 'ask', description: 'Has an agent answer.', input: AskInput, output: AskOutput })
  async ask({ prompt, tools, persona }: AskInput, context: InvocationContext): Promise<AskOutput> {
    const prices = { 'claude-test': { input: 1_000, output: 10_000 } };
    const personas = new URL('../personas', import.meta.url);
    const personaSettings = { 'elena-voss': { temperature: 0.1 } };
    const agent = await context.agent({ tools, prices, personas, personaSettings, system: 'You assist.' });
    const onDelta = () => context.progress(50, 'it answers');
    const asked = persona
      ? agent.completeWithPersona(persona, prompt, { onDelta })
      : agent.complete(prompt, { onDelta });
    const { text, turns } = await asked;
    return { text, turns };
  }
}

const uses = { 'editor.copy-edit': '^1.0.0', 'designer.illustrate': '^1.0.0' };
const about = { name: 'assistant', version: '1.0.0', description: 'Assists.', uses };

@Module({ imports: [PluginModule.forRoot(about)], controllers: [Assistant] })
class AssistantModule {}

await runPlugin(AssistantModule);
