/** Questions to a service, on `orc.v1.query.<service>.<question>`: JSON in, JSON or a fault out. */
import type { Msg } from '@nats-io/transport-node';
import { Fault, subjects } from '@orchestrator/protocol';
import { faultHeaders, readAnswer } from './answers.js';
import type { Bus } from './connection.js';
import { respond } from './inbox-replies.js';
import type { Requester } from './requester.js';

/** Answers one kind of question; replicas share the load. Nothing that a question holds can make it throw. */
export function serveQuery(
  bus: Bus,
  service: string,
  question: string,
  answer: (args: Record<string, unknown>) => unknown,
): void {
  const reply = async (msg: Msg) => {
    try {
      const args = msg.data.length === 0 ? {} : parseArguments(msg.string());
      respond(msg, JSON.stringify(await answer(args)));
    } catch (cause) {
      const fault = Fault.from(cause);
      respond(msg, JSON.stringify(fault), faultHeaders(fault));
    }
  };
  bus.nc.subscribe(subjects.query(service, question), {
    queue: service,
    callback: (error, msg) => {
      if (!error) void reply(msg);
    },
  });
}

function parseArguments(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // falls through to the one fault for both
  }
  throw new Fault('invalid-argument', 'The body of a query is a JSON object, or empty.');
}

/** Asks a service. @throws Fault what the service answers, or `unavailable` when it does not run */
export async function ask<T>(requester: Requester, service: string, question: string, args: object = {}): Promise<T> {
  const reply = await requester.request(subjects.query(service, question), JSON.stringify(args), { timeoutMs: 5_000 });
  return readAnswer(reply) as T;
}
