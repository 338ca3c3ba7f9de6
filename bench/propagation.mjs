/**
 * How long it takes until every choreographer resolves what the registry has just accepted, with few and with many capabilities
 * installed; and until a process that starts has read them all.
 */
import { CallClient, connectBus, Requester, readAnswer, readPlugins } from '@orchestrator/bus';
import { CatalogueBucket } from '@orchestrator/bus/streams';
import { Catalogue } from '@orchestrator/manifest';
import { subjects } from '@orchestrator/protocol';
import { manifest, PER_PLUGIN, SIZES } from './catalogue.mjs';
import { tell } from './stage.mjs';

const CHOREOGRAPHERS = 3;
const CHANGES = 20;
/** Calls at once: with so many, each choreographer is asked, but for one time in a thousand or so. */
const ASKED_AT_ONCE = 20;

export async function rowsOfPropagation(stage) {
  const system = await stage.system({}, false);
  for (let n = 2; n <= CHOREOGRAPHERS; n++) await system.start('choreographer', `choreographer-${n}`);
  const author = await connectBus({ url: system.urlAs('plugin'), name: 'author' });
  const service = await connectBus({ url: system.urlAs('choreographer'), name: 'loader' });
  const bus = await connectBus({ url: system.nats.url, name: 'caller' });
  const client = new CallClient(bus, 'bench');
  const rows = [];
  let installed = 0;
  let changes = 0;
  for (const size of SIZES) {
    tell(`catalogue of ${size} capabilities`);
    const bucket = await CatalogueBucket.open(service, { keepExisting: true });
    for (; installed < size / PER_PLUGIN; installed++) await bucket.put(manifest(installed));
    await everybodyKnows(client, installed);
    await propagate(author, client, `fresh-${changes++}`); // and the code is warm
    const tookMs = [];
    for (let n = 0; n < CHANGES; n++) tookMs.push(await propagate(author, client, `fresh-${changes++}`));
    tookMs.sort((a, b) => a - b);
    const of = `catalogue of ${size.toLocaleString('en')} capabilities`;
    const isLargest = size === Math.max(...SIZES);
    rows.push([`${of}, read from its bucket`, await loadMs(service), 'ms', undefined, isLargest ? '≤ 2000 ms' : '']);
    rows.push([`${of}, a change at ${CHOREOGRAPHERS} choreographers, median`, tookMs[CHANGES / 2], 'ms']);
    rows.push([
      `${of}, a change at ${CHOREOGRAPHERS} choreographers, longest`,
      tookMs.at(-1),
      'ms',
      undefined,
      '≤ 100 ms',
    ]);
  }
  for (const one of [author, service, bus]) await one.nc.close();
  return rows;
}

/** As a choreographer does when it starts: into a catalogue of its own. */
async function loadMs(service) {
  const bucket = await CatalogueBucket.open(service, { keepExisting: true });
  const catalogue = new Catalogue();
  const start = performance.now();
  await bucket.watch(
    (change) => change.manifest && catalogue.set(change.manifest),
    ({ key, reason }) => {
      throw new Error(`${key}: ${reason}`);
    },
  );
  return performance.now() - start;
}

/** From the registry's acceptance until no choreographer says any more that it does not know the plugin. */
async function propagate(author, client, name) {
  const body = JSON.stringify({ manifest: { ...manifest(0), name }, instance: name });
  readAnswer(await new Requester(author).request(subjects.announce(name), body, { timeoutMs: 20_000 }));
  const start = performance.now();
  let knownMs = 0;
  for (;;) {
    const answers = await Promise.all(Array.from({ length: ASKED_AT_ONCE }, () => isKnown(client, name)));
    if (answers.every(Boolean)) return knownMs;
    knownMs = performance.now() - start;
  }
}

async function isKnown(client, plugin) {
  const { result } = await client.call({ plugin, capability: 'c-0' }, { text: 'x' });
  return result.ok || result.fault.code !== 'not-found';
}

async function everybodyKnows(client, count) {
  while ((await readPlugins(client.requester)).filter(({ name }) => name.startsWith('plugin-')).length < count);
  for (;;) {
    const last = `plugin-${count - 1}`;
    const answers = await Promise.all(Array.from({ length: ASKED_AT_ONCE }, () => isKnown(client, last)));
    if (answers.every(Boolean)) return;
  }
}
