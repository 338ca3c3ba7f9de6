import { type DynamicModule, Module } from '@nestjs/common';
import type { Bus } from '@orchestrator/bus';
import { BUS, Registry, SETTINGS } from './registry.js';
import type { RegistrySettings } from './settings.js';

@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's dynamic modules are classes
export class RegistryModule {
  static with(bus: Bus, settings: RegistrySettings): DynamicModule {
    return {
      module: RegistryModule,
      providers: [{ provide: BUS, useValue: bus }, { provide: SETTINGS, useValue: settings }, Registry],
    };
  }
}
