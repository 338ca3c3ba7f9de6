/** What traces cost: the same calls with all of them, with one in ten, and with none. */
import { syncCall } from './callers.mjs';

export async function openTracing(stage) {
  const { nats } = await stage.main();
  const tenth = await stage.system({ ORC_TRACE_RATIO: '0.1' });
  const none = await stage.system({}, false);
  return {
    untraced: await syncCall(none.nats.url),
    traced: await syncCall(nats.url),
    sampled: await syncCall(tenth.nats.url),
  };
}

export function rowsOfTracing({ of, ratio }) {
  const row = (what, side, wanted) => [
    what,
    of(side, 'perSecond'),
    'calls/s',
    ratio(side, 'untraced', 'perSecond'),
    wanted,
  ];
  return [
    row('sync call, all traces, to no trace', 'traced', '≥ 0.75'),
    row('sync call, a tenth of the traces, to none', 'sampled', '≥ 0.92'),
  ];
}
