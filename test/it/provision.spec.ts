/** Services that start at the same moment, each with its own idea of how large a stream may be. */
import { describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectBus } from '@orchestrator/bus';
import { provisionStreams } from '@orchestrator/bus/streams';
import { startNats } from '@orchestrator/local';
import { STREAMS } from '@orchestrator/protocol';

const OBJECTS = { storeBytes: 8_000_000, objectBytes: 1_000_000 };

describe('streams that two services make at the same time', () => {
  it.each([1, 2, 3, 4, 5])('are what the one says that decides about them, whichever is faster (%s)', async () => {
    const nats = await startNats();
    const buses = await Promise.all(['one', 'other'].map((name) => connectBus({ url: nats.url, name })));
    const [leaving, deciding] = buses;
    try {
      if (!leaving || !deciding) throw new Error('no connection');
      await Promise.all([
        provisionStreams(leaving, { keepExisting: true }),
        provisionStreams(deciding, { objects: OBJECTS }),
      ]);
      const jsm = await jetstreamManager(deciding.nc);
      expect((await jsm.streams.info(STREAMS.objects.name)).config.max_bytes).toBe(OBJECTS.storeBytes);
    } finally {
      for (const bus of buses) await bus.nc.close();
      await nats.stop();
    }
  });
});
