/** One call beside one raw request; one durable call beside the same two messages on raw JetStream. */
import { durableCall, rawDurable, rawRequest, syncCall } from './callers.mjs';

export async function openCalls(stage) {
  const { nats } = await stage.main();
  const rawUrl = await stage.raw();
  return {
    rawRequest: await rawRequest(rawUrl),
    syncCall: await syncCall(nats.url),
    rawDurable: await rawDurable(rawUrl),
    durableCall: await durableCall(nats.url),
  };
}

export function rowsOfCalls({ of, ratio }) {
  return [
    [
      'sync call, rate at 64 in flight',
      of('syncCall', 'perSecond'),
      'calls/s',
      ratio('syncCall', 'rawRequest', 'perSecond'),
      '≥ 0.75',
    ],
    ['sync call, p50 alone', of('syncCall', 'p50Ms'), 'ms', ratio('syncCall', 'rawRequest', 'p50Ms'), '≤ 1.7'],
    [
      'durable call, rate at 64 in flight',
      of('durableCall', 'perSecond'),
      'calls/s',
      ratio('durableCall', 'rawDurable', 'perSecond'),
      '≥ 0.7',
    ],
    ['durable call, p50 alone', of('durableCall', 'p50Ms'), 'ms', ratio('durableCall', 'rawDurable', 'p50Ms'), '≤ 2.2'],
    ['history whole after the last sync call', of('syncCall', 'settledMs'), 'ms'],
    ['history whole after the last durable call', of('durableCall', 'settledMs'), 'ms'],
  ];
}
