/** Telling the choreographer what an invocation has spent. */
import { HEADERS, subjects } from '@orchestrator/protocol';
import { readAnswer } from './answers.js';
import { OutgoingHeaders, publishable } from './outgoing-headers.js';
import type { Requester } from './requester.js';

const TIMEOUT_MS = 5_000;

/** @throws Fault `budget-exhausted` when a budget was spent before, `unavailable` when it is not known to be counted */
export async function reportSpending(
  requester: Requester,
  plugin: string,
  token: string,
  spent: { readonly tokens?: number; readonly usd?: number },
): Promise<void> {
  const headers = publishable(new OutgoingHeaders().add(HEADERS.context, token));
  readAnswer(
    await requester.request(subjects.spend(plugin), JSON.stringify(spent), { headers, timeoutMs: TIMEOUT_MS }),
  );
}
