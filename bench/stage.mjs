/** The processes that are measured: started when first needed, ended together. */
import { shippedPlugins, startNats, startProcess, startSystem } from '@orchestrator/local';
import { PROBE, PROBE_GRANTS } from '@orchestrator/testing';

const script = (name) => new URL(name, import.meta.url).pathname;

export const tell = (text) => process.stderr.write(`${text}\n`);

export class Stage {
  #stops = [];
  #sink;
  #main;
  #raw;

  /** The system as it ships: traced, with its plugins and one that echoes. */
  main() {
    this.#main ??= this.system();
    return this.#main;
  }

  /** @param env of the choreographer @param isTraced false sends no spans anywhere */
  async system(env = {}, isTraced = true) {
    const otlpUrl = isTraced ? await this.#collector() : undefined;
    const onStep = (step) => tell(`starting ${step} …`);
    const plugins = [PROBE, ...shippedPlugins()];
    const system = await startSystem({ plugins, otlpUrl, env: { ORC_GRANTS: PROBE_GRANTS, ...env }, onStep });
    this.#stops.push(() => system.stop());
    return system;
  }

  /** Address of the raw side's NATS server: one of its own, since it needs streams that no user of ours may make. */
  raw() {
    this.#raw ??= this.#startRaw();
    return this.#raw;
  }

  /** One more process, from a script of this folder. */
  async process(name, args, env) {
    const options = {
      name,
      command: process.execPath,
      args: [script(`${name}.mjs`), ...args],
      env,
      readyLine: / ready$/,
    };
    const running = await startProcess({ ...options, readyTimeoutMs: 120_000 });
    this.#stops.push(() => running.stop());
    return running;
  }

  async stop() {
    for (const stop of this.#stops.toReversed()) await stop();
  }

  async #collector() {
    this.#sink ??= this.process('trace-sink', []);
    return (await this.#sink).tail().at(-1).split(' ')[0];
  }

  async #startRaw() {
    const nats = await startNats();
    this.#stops.push(() => nats.stop());
    await this.process('raw-server', [], { NATS_URL: nats.url });
    return nats.url;
  }
}
