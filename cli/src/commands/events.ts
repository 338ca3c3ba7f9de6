import type { ToldEvent } from '@orchestrator/bus/streams';
import { isName } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { UsageError } from '../failure.js';
import { followEvents, readEvents } from '../plugin-events.js';
import { asCloudEvent, renderEvent } from '../render-events.js';
import { withSession } from '../session.js';
import { coloursFor, listenForInterruption, print, printJson, tell } from '../terminal.js';
import { parseTimeOption } from '../time-option.js';

interface EventsCommandOptions {
  readonly since: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export function addEventsCommand(program: Command, plugins: Command): void {
  plugins
    .command('events')
    .description('what has happened to plugins: registered, ready, waiting, gone, refused; kept for 7 days')
    .argument('[name]', 'only of this plugin')
    .option('--since <time>', 'since then: 30m, 2h, 7d ago, or a time like 2030-01-31T12:00:00Z', '1d')
    .option('--follow', 'go on with what happens, until Ctrl-C')
    .option('--json', 'print CloudEvents as JSON: a list, or with --follow a line for each')
    .action(async (plugin: string | undefined, { since, follow, json }: EventsCommandOptions) => {
      if (plugin !== undefined && !isName(plugin)) throw new UsageError(`"${plugin}" is not the name of a plugin.`);
      const query = { plugin, sinceMs: parseTimeOption('--since', since, Date.now()) };
      const colours = coloursFor(process.stdout);
      if (!follow) {
        const events: ToldEvent[] = [];
        await withSession(program.opts(), ({ bus }) =>
          readEvents(bus, { ...query, onEvent: (event) => events.push(event) }),
        );
        if (json) return printJson(events.map(asCloudEvent));
        return print(events.length === 0 ? 'No events.' : events.map((one) => renderEvent(one, colours)).join('\n'));
      }
      const over = new AbortController();
      void listenForInterruption().happened.then(() => over.abort());
      await withSession(program.opts(), async ({ bus }) => {
        tell('Following; Ctrl-C ends it.');
        await followEvents(bus, {
          ...query,
          onEvent: (event) => print(json ? JSON.stringify(asCloudEvent(event)) : renderEvent(event, colours)),
          onAway: (isAway) =>
            tell(isAway ? 'NATS does not answer; trying again.' : 'Answered again; nothing was left out.'),
          until: over.signal,
        });
      });
    });
}
