/** Before the integration tests: nats-server and Jaeger are there, so that no test waits minutes for them to be built. */
import { getTools } from '@orchestrator/local';

export default () => getTools({ log: (line) => process.stderr.write(`${line}\n`) });
