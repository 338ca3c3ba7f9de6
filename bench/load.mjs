/** The same load for everyone: alone for latency, then many in flight for the rate. */

/** 256 bytes of JSON arguments. */
export const payload = { text: 'x'.repeat(256 - '{"text":""}'.length) };

/**
 * @param {() => Promise<unknown>} call
 * @returns {Promise<{ p50Ms: number, perSecond: number }>}
 */
export async function measure(call, { warmUp = 4_000, alone = 1_000, loaded = 10_000, together = 64 } = {}) {
  await inFlight(call, warmUp, together);
  const times = [];
  for (let n = 0; n < alone; n++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const start = performance.now();
  await inFlight(call, loaded, together);
  return { p50Ms: times[Math.floor(times.length / 2)], perSecond: loaded / ((performance.now() - start) / 1000) };
}

/** So many calls, never more than `together` of them at once. */
export async function inFlight(call, count, together = 64) {
  let next = 0;
  const worker = async () => {
    while (next++ < count) await call();
  };
  await Promise.all(Array.from({ length: together }, worker));
}

/** The middle one of an odd number of figures. */
export function median(figures) {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];
}
