import 'reflect-metadata';
import { runPlugin } from '@orchestrator/plugin-sdk';
import { EditorModule } from './editor.module.js';

await runPlugin(EditorModule);
