import { Controller, Module } from '@nestjs/common';
import { Capability, CapabilityClient, Fault, InvocationContext, PluginModule } from '@orchestrator/plugin-sdk';
import { CopyEditInput, CopyEditOutput, PrepareArticleOutput } from './editing.dto.js';
import { EditingThreads } from './editing-threads/editing-threads.js';
import { illustrationAltText } from './illustration-alt-text.js';

/** The illustration lies beside the article, under this name. */
const ILLUSTRATION_PATH = 'illustration.svg';
/** What the protocol lets a result have, as JSON. */
const MAX_RESULT_BYTES = 512 * 1024;
/** Of that, what a picture and the mention of it in the text may need. */
const ILLUSTRATION_BYTES = 64 * 1024;
/** A longer text, as JSON, leaves too little room for what is said about it. */
const MAX_TEXT_BYTES = 384 * 1024;

@Controller()
class Editor {
  readonly #capabilities: CapabilityClient;
  readonly #threads: EditingThreads;

  constructor(capabilities: CapabilityClient, threads: EditingThreads) {
    this.#capabilities = capabilities;
    this.#threads = threads;
  }

  @Capability({
    name: 'copy-edit',
    description:
      'Edits the prose of a Markdown text, says every change, and remarks on what it does not change by itself. Of edits and remarks that do not fit a message beside the text, it says how many they are.',
    input: CopyEditInput,
    output: CopyEditOutput,
  })
  async copyEdit({ text, quotes, knownWords }: CopyEditInput, { signal }: InvocationContext): Promise<CopyEditOutput> {
    const bytes = Buffer.byteLength(JSON.stringify(text));
    if (bytes > MAX_TEXT_BYTES) {
      const message = `The text has ${bytes} bytes as JSON; it may have ${MAX_TEXT_BYTES}.`;
      throw new Fault('invalid-argument', message, { bytes, maxBytes: MAX_TEXT_BYTES });
    }
    const options = { ...(quotes != null && { quotes }), ...(knownWords != null && { knownWords }) };
    const maxBytes = MAX_RESULT_BYTES - ILLUSTRATION_BYTES;
    const { edits, remarks, ...rest } = await this.#threads.run(signal, 'copyEdit', text, options, maxBytes);
    return { ...rest, edits: [...edits], remarks: [...remarks] };
  }

  @Capability({
    name: 'prepare-article',
    description: 'Copy-edits an article, has a header illustrated by designer.illustrate, and puts it in.',
    input: CopyEditInput,
    output: PrepareArticleOutput,
  })
  async prepareArticle(input: CopyEditInput, context: InvocationContext): Promise<PrepareArticleOutput> {
    context.progress(5, 'copy-editing');
    const edited = await this.copyEdit(input, context);
    const edits = edited.edits.length + edited.editsLeftOut;
    const remarks = edited.remarks.length + edited.remarksLeftOut;
    context.progress(60, `${edits} edits, ${remarks} remarks; asking designer.illustrate`);
    const { title, keyTerms } = await this.#threads.run(context.signal, 'articleFacts', edited.text);
    const { svg } = await this.#capabilities.call<{ svg: string }>('designer.illustrate', {
      title,
      terms: keyTerms,
    });
    context.progress(90, 'putting the illustration in');
    const illustration = { path: ILLUSTRATION_PATH, alt: illustrationAltText(title, keyTerms), svg };
    const text = await this.#threads.run(context.signal, 'insertHeaderImage', edited.text, illustration);
    context.progress(100, 'done');
    return { ...edited, text, illustration };
  }
}

@Module({
  imports: [
    PluginModule.forRoot({
      name: 'editor',
      version: '1.0.0',
      description: 'Copy-edits Markdown and prepares articles.',
      license: 'Apache-2.0',
      keywords: ['editing', 'markdown', 'prose'],
      uses: { 'designer.illustrate': '^1.0.0' },
    }),
  ],
  controllers: [Editor],
  providers: [EditingThreads],
})
export class EditorModule {}
