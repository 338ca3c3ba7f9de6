import { Controller, Module } from '@nestjs/common';
import { Capability, CapabilityClient, InvocationContext, PluginModule } from '@orchestrator/plugin-sdk';
import { articleFacts } from './article-facts.js';
import { copyEdit } from './copy-edit.js';
import { CopyEditInput, CopyEditOutput, PrepareArticleOutput } from './editing.dto.js';
import { illustrationAltText, insertHeaderImage } from './header-image.js';

/** The illustration lies beside the article, under this name. */
const ILLUSTRATION_PATH = 'illustration.svg';

@Controller()
class Editor {
  readonly #capabilities: CapabilityClient;

  constructor(capabilities: CapabilityClient) {
    this.#capabilities = capabilities;
  }

  @Capability({
    name: 'copy-edit',
    description:
      'Edits the prose of a Markdown text, says every change, and remarks on what it does not change by itself.',
    input: CopyEditInput,
    output: CopyEditOutput,
  })
  async copyEdit(input: CopyEditInput, context: InvocationContext): Promise<CopyEditOutput> {
    const { text, edits, remarks } = await copyEdit(input.text, {
      ...(input.quotes != null && { quotes: input.quotes }),
      ...(input.knownWords != null && { knownWords: input.knownWords }),
      signal: context.signal,
    });
    return { text, edits: [...edits], remarks: [...remarks] };
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
    context.progress(60, `${edited.edits.length} edits, ${edited.remarks.length} remarks; asking designer.illustrate`);
    const { title, keyTerms } = await articleFacts(edited.text);
    const { svg } = await this.#capabilities.call<{ svg: string }>('designer.illustrate', {
      title,
      terms: keyTerms,
    });
    context.progress(90, 'putting the illustration in');
    const illustration = { path: ILLUSTRATION_PATH, alt: illustrationAltText(title, keyTerms), svg };
    const text = await insertHeaderImage(edited.text, illustration);
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
      uses: { 'designer.illustrate': '^1.0.0' },
    }),
  ],
  controllers: [Editor],
})
export class EditorModule {}
