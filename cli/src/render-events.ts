/** What happens to plugins, as text and as CloudEvents. Pure. */
import type { ToldEvent } from '@orchestrator/bus/streams';
import type { RegistryEvent } from '@orchestrator/protocol';
import { oneLine } from './one-line.js';
import type { Colours } from './terminal.js';
import { shortTime } from './time-option.js';

/** A line. */
export function renderEvent({ event, atMs }: ToldEvent, colours: Colours): string {
  const name = 'version' in event ? `${event.plugin} ${event.version}` : event.plugin;
  const detail = detailOf(event);
  const parts = [colours.dim(shortTime(atMs)), mark(event, colours), colours.bold(oneLine(name))];
  return [...parts, ...(detail === '' ? [] : [oneLine(detail)])].join('  ');
}

function mark({ event }: RegistryEvent, colours: Colours): string {
  const text = event.padEnd('registered'.length);
  if (event === 'ready') return colours.green(text);
  if (event === 'waiting') return colours.yellow(text);
  return event === 'registered' ? text : colours.red(text);
}

function detailOf(event: RegistryEvent): string {
  if (event.event === 'refused') return `${event.fault.code}: ${event.fault.message}`;
  if (event.event === 'ready') return `${event.instances.length} live`;
  if (event.event === 'registered') return (event.warnings ?? []).map(warningOf).join('; ');
  if (event.event !== 'waiting') return '';
  return `for ${event.waitingFor.map(({ capability, range }) => `${capability} ${range}`).join(', ')}`;
}

function warningOf({ pointer, message }: { readonly pointer: string; readonly message: string }): string {
  return pointer === '' ? message : `${pointer}: ${message}`;
}

/** A CloudEvent in its JSON form. */
export function asCloudEvent({ id, subject, atMs, event: { event, ...data } }: ToldEvent): object {
  const time = new Date(atMs).toISOString();
  const type = `orchestrator.registry.${event}`;
  return { specversion: '1.0', id, source: 'registry', type, subject, time, datacontenttype: 'application/json', data };
}
