/** Messages as any NATS client sends them, with nothing checked on the way out, and what must follow when they are wrong. */
import { expect } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { type FaultBody, type FaultCode, flattenTree, HEADERS, type InvocationNode } from '@orchestrator/protocol';
import type { TestSystem } from '@orchestrator/testing';

export interface RawOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** @default tester */
  readonly caller?: string;
}

export interface RawAnswer {
  /** The header `orc-fault`; empty when it is no fault. */
  readonly fault: string;
  readonly body: unknown;
  readonly invocation: string;
  readonly correlation: string;
}

const WAIT_MS = 20_000;

/** Calls `plugin.capability` with a body of any bytes. */
export async function callRaw(
  system: TestSystem,
  capability: string,
  body: string | Uint8Array,
  options: RawOptions = {},
): Promise<RawAnswer> {
  const subject = `orc.v1.call.${options.caller ?? 'tester'}.${capability}`;
  const answer = await system.client.requester.request(subject, body, {
    headers: headersOf(options),
    timeoutMs: WAIT_MS,
  });
  return {
    fault: answer.headers?.get(HEADERS.fault) ?? '',
    body: answer.json(),
    invocation: answer.headers?.get(HEADERS.id) ?? '',
    correlation: answer.headers?.get(HEADERS.correlationId) ?? '',
  };
}

/** Publishes a request event for `plugin.capability` into its stream; answers its sequence. */
export async function storeRaw(
  system: TestSystem,
  capability: string,
  body: string | Uint8Array,
  options: RawOptions = {},
): Promise<number> {
  const subject = `orc.v1.request.${options.caller ?? 'tester'}.${capability}`;
  const sent = headersOf(options);
  const ack = await jetstream(system.bus.nc).publish(subject, body, sent && { headers: sent });
  return ack.seq;
}

function headersOf(options: RawOptions): MsgHdrs | undefined {
  if (!options.headers) return undefined;
  const result = headers();
  for (const [name, value] of Object.entries(options.headers)) result.set(name, value);
  return result;
}

/** What a fault must look like. */
export interface ExpectedFault {
  readonly code: FaultCode;
  readonly message: RegExp;
  readonly details?: object;
}

/**
 * The answer is this fault, in header and body; the history holds it; and an ordinary call is still answered.
 * Answers the invocation as the history has it.
 */
export async function expectFault(
  system: TestSystem,
  answer: RawAnswer,
  expected: ExpectedFault,
): Promise<InvocationNode> {
  expect(answer.body).toMatchObject({
    code: expected.code,
    message: expect.stringMatching(expected.message),
    ...(expected.details && { details: expected.details }),
  });
  expect(answer.fault).toBe(expected.code);
  expect(JSON.stringify(answer.body)).not.toMatch(/\.js:\d|node_modules/);
  const isIt = (node: InvocationNode) => node.invocation === answer.invocation && node.fault !== undefined;
  const tree = await system.treeWhere({ correlation: answer.correlation }, (nodes) => nodes.some(isIt));
  const node = flattenTree(tree).find(isIt) as InvocationNode;
  expect(node.fault).toEqual(answer.body as FaultBody);
  await expectService(system);
  return node;
}

/** An ordinary call is answered. */
export async function expectService(system: TestSystem): Promise<void> {
  const answer = await callRaw(system, 'probe.echo', '{"text":"still here"}');
  expect(answer).toMatchObject({ fault: '', body: { text: 'still here' } });
}
