/** The same plugin under a second name: for cycles between two. */
import 'reflect-metadata';
import { runPlugin } from '@orchestrator/plugin-sdk';

process.env.PROBE_NAME = 'mirror';
const { ProbeModule } = await import('./probe.module.js');
await runPlugin(ProbeModule);
