import { type DynamicModule, Module } from '@nestjs/common';
import type { Bus } from '@orchestrator/bus';
import { BUS, Choreographer, SETTINGS } from './choreographer.js';
import type { ChoreographerSettings } from './settings.js';

@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's dynamic modules are classes
export class ChoreographerModule {
  static with(bus: Bus, settings: ChoreographerSettings): DynamicModule {
    return {
      module: ChoreographerModule,
      providers: [{ provide: BUS, useValue: bus }, { provide: SETTINGS, useValue: settings }, Choreographer],
    };
  }
}
