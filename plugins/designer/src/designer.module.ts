import { Controller, Module } from '@nestjs/common';
import { Capability, Fault, PluginModule } from '@orchestrator/plugin-sdk';
import { illustrate } from './illustrate.js';
import { IllustrateInput, IllustrateOutput } from './illustration.dto.js';
import { InvalidIllustrationInput } from './invalid-input.js';

@Controller()
class Designer {
  @Capability({
    name: 'illustrate',
    description: 'Draws a header illustration for an article as SVG, 1200 by 630, from its title and key terms.',
    input: IllustrateInput,
    output: IllustrateOutput,
  })
  illustrate(input: IllustrateInput): IllustrateOutput {
    try {
      return illustrate({
        title: input.title,
        terms: input.terms,
        ...(input.subtitle != null && { subtitle: input.subtitle }),
        ...(input.palette != null && { palette: withoutNulls(input.palette) }),
      });
    } catch (error) {
      if (!(error instanceof InvalidIllustrationInput)) throw error;
      throw new Fault('invalid-argument', error.message, {
        problems: [{ pointer: `/${error.field.replaceAll('.', '/')}`, message: error.requirement }],
      });
    }
  }
}

function withoutNulls(palette: object): Record<string, string> {
  return Object.fromEntries(Object.entries(palette).filter(([, colour]) => colour != null));
}

@Module({
  imports: [
    PluginModule.forRoot({
      name: 'designer',
      version: '1.0.0',
      description: 'Draws illustrations for articles.',
      license: 'Apache-2.0',
      keywords: ['illustration', 'svg'],
    }),
  ],
  controllers: [Designer],
})
export class DesignerModule {}
