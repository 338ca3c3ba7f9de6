/** Asking Jaeger's query API for what it has stored. */
interface TraceAnswer {
  readonly data?: readonly { readonly spans: readonly unknown[] }[];
}

/** Said of a Jaeger without a web page. */
export const NO_PAGE =
  'answers in JSON only, because Go builds it without its web page. For the page put a released jaeger on PATH (https://www.jaegertracing.io/download/), or set ORC_JAEGER_URL to one that runs.';

const ATTEMPTS = 60;
const PAUSE_MS = 50;

/** How many spans of a trace Jaeger has, once it has all that are wanted or some seconds have passed. */
export async function countSpans(queryUrl: string, traceId: string, wanted: number): Promise<number> {
  let found = 0;
  for (let attempt = 0; attempt < ATTEMPTS && found < wanted; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const response = await fetch(`${queryUrl}/api/traces/${traceId}`).catch(() => undefined);
    if (!response?.ok) continue;
    const { data } = (await response.json()) as TraceAnswer;
    found = data?.[0]?.spans.length ?? 0;
  }
  return found;
}
