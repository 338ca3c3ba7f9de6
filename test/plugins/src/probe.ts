import 'reflect-metadata';
import { runPlugin } from '@orchestrator/plugin-sdk';

const { ProbeModule } = await import('./probe.module.js');
await runPlugin(ProbeModule);
