import type { InstalledPlugin, PluginPage } from '@orchestrator/protocol';
import { ask } from './queries.js';
import type { Requester } from './requester.js';

/**
 * Everything that is installed, by name, highest version first, in as many questions as it takes.
 * @param names of the plugins that are asked for. @default all
 * @throws Fault `unavailable`
 */
export async function readPlugins<Plugin = InstalledPlugin>(
  requester: Requester,
  names?: readonly string[],
): Promise<Plugin[]> {
  const plugins: InstalledPlugin[] = [];
  let after: string | undefined;
  do {
    const page: PluginPage = await ask(requester, 'registry', 'plugins', { after, names });
    plugins.push(...page.plugins);
    after = page.next;
  } while (after !== undefined);
  return plugins as Plugin[];
}
