import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { Capability, CapabilityClient, PluginModule, runPlugin } from '@orchestrator/plugin-sdk';
import { IsString } from 'class-validator';

class GreetInput {
  @IsString() name!: string;
}

class GreetOutput {
  @IsString() greeting!: string;
}

@Controller()
class Greeter {
  constructor(private readonly capabilities: CapabilityClient) {}

  @Capability({ name: 'greet', description: 'Greets, in edited English.', input: GreetInput, output: GreetOutput })
  async greet({ name }: GreetInput): Promise<GreetOutput> {
    const draft = { text: `Hello ${name}, here is a article for for you.` };
    const { text } = await this.capabilities.call<{ text: string }>('editor.copy-edit', draft);
    return { greeting: text };
  }
}

const uses = { 'editor.copy-edit': '^1.0.0' };
const about = { name: 'greeter', version: '1.0.0', description: 'Greets people by name.', uses };

@Module({ imports: [PluginModule.forRoot(about)], controllers: [Greeter] })
class GreeterModule {}

await runPlugin(GreeterModule);
