import 'reflect-metadata';
import { runPlugin } from '@orchestrator/plugin-sdk';
import { DesignerModule } from './designer.module.js';

await runPlugin(DesignerModule);
