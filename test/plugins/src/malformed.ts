import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { Capability, PluginModule, runPlugin } from '@orchestrator/plugin-sdk';
import { EchoInput, EchoOutput } from './probe.dto.js';

@Controller()
class Malformed {
  @Capability({ name: 'echo', description: 'Never gets to answer.', input: EchoInput, output: EchoOutput })
  echo(input: EchoInput): EchoOutput {
    return input;
  }
}

/** What an author may write and no registry accepts. */
const about = { name: 'Bad Name', version: 'one', description: 'Malformed.', uses: { 'editor.copy-edit': 'newest' } };

@Module({ imports: [PluginModule.forRoot(about)], controllers: [Malformed] })
class MalformedModule {}

await runPlugin(MalformedModule);
