/** What the environment says of models, for all agents of the process. */
import { readFile } from 'node:fs/promises';
import { createAnthropicModel, type Model, type PriceTable, parsePrices, processSlots } from '@orchestrator/agent';
import { Fault } from '@orchestrator/protocol';

/** @throws Fault that names the variable to set */
export function modelFromEnvironment(env: NodeJS.ProcessEnv): Model {
  const concurrency = env.ORC_MODEL_CONCURRENCY;
  if (concurrency) {
    if (!/^[1-9]\d{0,5}$/.test(concurrency)) {
      throw new Fault('unavailable', 'ORC_MODEL_CONCURRENCY must be a whole number from 1.');
    }
    processSlots.limit = Number(concurrency);
  }
  return createAnthropicModel({ apiKey: env.ANTHROPIC_API_KEY, baseUrl: env.ANTHROPIC_BASE_URL });
}

/** None where `ORC_MODEL_PRICES` names no file. @throws Fault for a file that cannot be read */
export async function pricesFromEnvironment(env: NodeJS.ProcessEnv): Promise<PriceTable> {
  const file = env.ORC_MODEL_PRICES;
  if (!file) return {};
  try {
    return parsePrices(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    const what = (cause as Error).message;
    throw new Fault('unavailable', `The file of ORC_MODEL_PRICES cannot be used: ${what}`, { file }, { cause });
  }
}
