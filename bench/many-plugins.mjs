/** A thousand registered plugins, all of them alive, beside the few that ship. */
import { syncCall } from './callers.mjs';

const PLUGINS = 1_000;

export async function openManyPlugins(stage) {
  const few = await stage.main();
  const many = await stage.system();
  const crowd = await stage.process('crowd', [String(PLUGINS)], { NATS_URL: many.urlAs('plugin') });
  crowd.kill('SIGSTOP');
  return {
    few: await syncCall(few.nats.url),
    many: {
      ...(await syncCall(many.nats.url)),
      // Their heartbeats would be measured with everything else.
      begin: () => crowd.kill('SIGCONT'),
      end: () => crowd.kill('SIGSTOP'),
    },
  };
}

export function rowsOfManyPlugins({ of, ratio }) {
  const toFew = ratio('many', 'few', 'perSecond');
  return [[`sync call, with ${PLUGINS} more plugins, to few`, of('many', 'perSecond'), 'calls/s', toFew, '≥ 0.95']];
}
