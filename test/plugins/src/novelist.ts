/** A plugin with a pipeline: plans, writes chapter by chapter, assembles; and misbehaves in its last phase when told to. */
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Fault,
  loadPlugin,
  type Phase,
  type PhaseInput,
  type Plugin,
  type PluginRequest,
  pipeline,
  registerPlugin,
  runPlugin,
} from '@orchestrator/plugin-sdk';
import { effect } from './effect.js';

const OUTSIDE = { attempt: 1, invocation: 'none', depth: 0 };

const planning: Phase<PluginRequest, readonly string[]> = {
  name: process.env.NOVELIST_PLANNING ?? 'Planning',
  execute({ request: { input, options }, invocation }) {
    effect('started', `${input}-planning`, invocation);
    const chapters = Array.from({ length: Number(options.chapters ?? 2) }, (_, at) => `${input}-${at + 1}`);
    return { data: chapters, metadata: { chapters: chapters.length } };
  },
};

const writing: Phase<string, string> = {
  name: 'Writing',
  async execute({ previous: title, request, invocation, signal }) {
    effect('started', title, invocation);
    await delay(Number(request.options.ms ?? 0), undefined, { signal });
    effect('ended', title, invocation);
    return { data: `The text of ${title}.` };
  },
};

const cover: Phase<readonly string[], readonly string[]> = {
  name: 'Cover',
  async execute({ previous, request, shared, invocation }) {
    const { text } = await invocation.call<{ text: string }>('probe.echo', { text: `Cover of ${request.input}` });
    shared.set('cover', text);
    return { data: previous };
  },
};

const assembly: Phase<readonly string[], unknown> = {
  name: 'Assembly',
  async execute({ previous, request: { options }, shared, invocation, signal }: PhaseInput<readonly string[]>) {
    const book = [shared.get<string>('cover'), ...previous].filter(Boolean).join('\n');
    switch (options.end) {
      case 'throw':
        throw new Error('no ink');
      case 'throw-once':
        if (invocation.attempt === 1) throw new Error('no ink');
        return { data: book };
      case 'nothing':
        return undefined as never;
      case 'bigint':
        return { data: 1n };
      case 'hang':
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return { data: book };
      case 'large':
        return { data: 'x'.repeat(Number(options.bytes)) };
      default:
        return { data: book };
    }
  },
};

class Novelist implements Plugin {
  readonly name = 'novelist';
  readonly version = '1.0.0';
  readonly description = 'Writes a book, chapter by chapter.';
  readonly uses = { 'probe.echo': { range: '*', optional: true } };

  init(): void {
    effect('started', 'init', OUTSIDE);
    if (process.env.NOVELIST_INIT === 'fails') throw new Error('no paper');
  }

  validateRequest({ input, options }: PluginRequest): void {
    if (!input) throw new Fault('invalid-argument', 'Say what the book is about.', { pointer: '/input' });
    if (typeof options.chapters === 'string') throw new TypeError('"chapters" is a number.');
  }

  getPipeline() {
    return pipeline()
      .phase(planning)
      .each((titles) => titles, writing, { concurrency: 2 })
      .when((_, { options }) => options.cover === true, cover)
      .phase(assembly);
  }

  close(): void {
    effect('ended', 'close', OUTSIDE);
  }
}

registerPlugin('novelist', () => new Novelist());
await runPlugin(loadPlugin('novelist'));
