import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { Capability, InvocationContext, PluginModule, runPlugin } from '@orchestrator/plugin-sdk';
import { IsInt, IsString } from 'class-validator';

class StoryInput {
  @IsString() about!: string;
}

class StoryOutput {
  @IsInt() sentences!: number;
}

@Controller()
class Author {
  @Capability({ name: 'tell', description: 'Tells a story.', input: StoryInput, output: StoryOutput, streaming: true })
  async *tell({ about }: StoryInput) {
    const story = [`This story is about ${about}.`, 'It is short.', 'That was it.'];
    for (const sentence of story) yield sentence; // goes on when the reader is not too far behind
    return { sentences: story.length };
  }

  @Capability({ name: 'read-aloud', description: 'Prints a story.', input: StoryInput, output: StoryOutput })
  async readAloud({ about }: StoryInput, context: InvocationContext): Promise<StoryOutput> {
    const call = context.stream<StoryOutput>('author.tell', { about }); // or: await context.request(…), durably
    for await (const { sequence, value } of call.chunks()) console.log(sequence, value);
    return call.result();
  }
}

const uses = { 'author.tell': '^1.0.0' };
const about = { name: 'author', version: '1.0.0', description: 'Tells stories.', uses };

@Module({ imports: [PluginModule.forRoot(about)], controllers: [Author] })
class AuthorModule {}

await runPlugin(AuthorModule);
