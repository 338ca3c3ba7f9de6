import { Fault, type Phase, type Plugin, type PluginRequest, pipeline, runPlugin } from '@orchestrator/plugin-sdk';

interface Section {
  readonly title: string;
  readonly text: string;
}

const splitting: Phase<PluginRequest, readonly Section[]> = {
  name: 'Splitting',
  execute({ request }) {
    const parts = request.input.split(/^#+ +/m).filter((part) => part.trim());
    return { data: parts.map((part) => ({ title: part.split('\n', 1)[0] ?? '', text: part.replace(/^.*\n/, '') })) };
  },
};

const shortening: Phase<Section, Section> = {
  name: 'Shortening',
  execute({ previous: { title, text }, signal }) {
    signal.throwIfAborted(); // the deadline has passed, or somebody has cancelled the run
    const [sentence = ''] = text.trim().match(/^.+?[.!?](?=\s|$)/s) ?? [];
    return { data: { title, text: sentence.replaceAll('\n', ' ') } };
  },
};

const editing: Phase<readonly Section[], string> = {
  name: 'Editing',
  async execute({ previous, invocation }) {
    const draft = previous.map(({ title, text }) => `## ${title}\n\n${text}\n`).join('\n');
    const { text } = await invocation.call<{ text: string }>('editor.copy-edit', { text: draft });
    return { data: text, metadata: { sections: previous.length } };
  },
};

const digest: Plugin = {
  name: 'digest',
  version: '1.0.0',
  description: 'Shortens an article in Markdown to the first sentence of each section, in edited English.',
  uses: { 'editor.copy-edit': '^1.0.0' },
  validateRequest({ input }) {
    if (!input.trim()) throw new Fault('invalid-argument', 'There is no article: "input" is empty.');
  },
  getPipeline: () =>
    pipeline()
      .phase(splitting)
      .each((sections) => sections, shortening, { concurrency: 8 })
      .phase(editing),
};

await runPlugin(digest);
