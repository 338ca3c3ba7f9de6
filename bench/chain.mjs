/** A chain of 16 synchronous calls, each made by the one before it, beside the same chain of raw requests. */
import { rawChain, syncChain } from './callers.mjs';

export async function openChain(stage) {
  const { nats } = await stage.main();
  return { rawChain: await rawChain(await stage.raw()), syncChain: await syncChain(nats.url) };
}

/** A chain is 16 calls: fewer of them, and fewer at once. */
export const CHAIN_LOAD = { warmUp: 500, alone: 300, loaded: 1_500, together: 16 };

export function rowsOfChain({ of, ratio }) {
  return [
    [
      'chain of 16 sync calls, p50 alone',
      of('syncChain', 'p50Ms'),
      'ms',
      ratio('syncChain', 'rawChain', 'p50Ms'),
      '≤ 1.8',
    ],
    [
      'chain of 16 sync calls, rate at 16 in flight',
      of('syncChain', 'perSecond'),
      'chains/s',
      ratio('syncChain', 'rawChain', 'perSecond'),
    ],
  ];
}
