/** The plugins of this process, by name. A package that registers its plugin has only to be imported. */
import { Fault, isName } from '@orchestrator/protocol';
import type { Plugin } from './plugin.js';

/** Makes a plugin; called each time that one is loaded. */
export type PluginFactory = () => Plugin;

const factories = new Map<string, PluginFactory>();

/** @throws Fault `invalid-argument` for a name that is none, or that another factory has */
export function registerPlugin(name: string, factory: PluginFactory): void {
  if (!isName(name)) {
    throw new Fault('invalid-argument', `"${name}" is no name for a plugin: lower case, digits and hyphens.`);
  }
  const known = factories.get(name);
  if (known && known !== factory) throw new Fault('invalid-argument', `A plugin "${name}" is registered already.`);
  factories.set(name, factory);
}

/** @throws Fault `not-found`, with the names that are; `invalid-argument` when the factory makes a plugin of another name */
export function loadPlugin(name: string): Plugin {
  const factory = factories.get(name);
  if (!factory) {
    const registered = registeredPlugins();
    const known =
      registered.length > 0 ? `Registered are: ${registered.join(', ')}.` : 'None is: import its package first.';
    throw new Fault('not-found', `No plugin "${name}" is registered. ${known}`, { registered });
  }
  const plugin = factory();
  if (plugin.name === name) return plugin;
  throw new Fault('invalid-argument', `The factory of "${name}" makes a plugin that is called "${plugin.name}".`);
}

/** The names, in order. */
export function registeredPlugins(): string[] {
  return [...factories.keys()].sort();
}
