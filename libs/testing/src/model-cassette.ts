/** Conversations with a real endpoint, recorded once and replayed for ever: matched by what a request says, never by order. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ModelRequestSeen } from './model-script.js';

interface PlayedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Recorded {
  readonly request: unknown;
  readonly response: PlayedResponse;
}

/** What answers an endpoint's requests; undefined for one that it does not know. */
export interface Cassette {
  play(seen: ModelRequestSeen): Promise<PlayedResponse | undefined>;
}

const KEY_HEADERS = ['authorization', 'x-api-key'];
/** The request headers that a real endpoint needs; none of them is kept. */
const PASSED_ON = [...KEY_HEADERS, 'anthropic-version', 'anthropic-beta'];
/** The response headers that are kept. */
const KEPT_HEADERS = ['content-type', 'retry-after', 'request-id'];

/** Plays what a file holds. The same request made again has the next recorded answer to it, and after the last one none. */
export function cassetteFrom(file: string): Cassette {
  const recorded = new Map<string, PlayedResponse[]>();
  for (const { request, response } of JSON.parse(readFileSync(file, 'utf8')) as Recorded[]) {
    const key = canonical(request);
    recorded.set(key, [...(recorded.get(key) ?? []), response]);
  }
  return { play: async ({ body }) => recorded.get(canonical(body))?.shift() };
}

/** Passes requests on to a real endpoint, and adds each with its answer to the file. Keys are on the way, never in the file. */
export function cassetteRecorder(file: string, upstream: string): Cassette {
  const recorded: Recorded[] = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded[]) : [];
  return {
    play: async ({ body, headers }) => {
      const passedOn: [string, string][] = PASSED_ON.flatMap((name) =>
        headers[name] ? [[name, String(headers[name])]] : [],
      );
      const answer = await fetch(`${upstream}/v1/messages`, {
        method: 'POST',
        headers: [...passedOn, ['content-type', 'application/json']],
        body: JSON.stringify(body),
      });
      const kept = KEPT_HEADERS.flatMap((name) => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      const response = { status: answer.status, headers: Object.fromEntries(kept), body: await answer.text() };
      recorded.push({ request: body, response });
      writeFileSync(file, `${withoutKeys(JSON.stringify(recorded, null, 2), headers)}\n`);
      return response;
    },
  };
}

/** A server may repeat a key that it refuses. */
function withoutKeys(text: string, headers: ModelRequestSeen['headers']): string {
  const keys = KEY_HEADERS.map((name) => String(headers[name] ?? '').replace(/^Bearer /, ''));
  return keys.reduce((rest, key) => (key === '' ? rest : rest.replaceAll(key, 'removed')), text);
}

/** The same text for the same JSON value, in whatever order its members stand. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
