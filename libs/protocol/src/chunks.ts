/** Streamed output: what stands in the header of a chunk, and what a reader says. See docs/protocol.md, "Streamed output". */

/** The `orc-chunk` header: `<attempt>|<sequence>`, and of the end marker `<attempt>|<sequence>|end`. */
export interface ChunkHeader {
  /** Which attempt of the invocation has made it. */
  readonly attempt: number;
  /** From 1 on through all attempts of the invocation; of the end marker, the number of the last chunk. */
  readonly sequence: number;
  readonly isEnd: boolean;
}

export function encodeChunkHeader({ attempt, sequence, isEnd }: ChunkHeader): string {
  return `${attempt}|${sequence}${isEnd ? '|end' : ''}`;
}

/** Undefined for anything that is not such a header. */
export function decodeChunkHeader(text: string): ChunkHeader | undefined {
  const [, attempt, sequence, end] = /^(\d{1,9})\|(\d{1,9})(\|end)?$/.exec(text) ?? [];
  if (attempt === undefined) return undefined;
  return { attempt: Number(attempt), sequence: Number(sequence), isEnd: end !== undefined };
}

/** What a reader publishes: how far it is, for the host; what it wants next, for a choreographer, with an inbox as reply subject. */
export interface ChunkRead {
  /** The number of the last chunk that it has done with; undefined when it reads no more. */
  readonly acknowledged: number | undefined;
  /** The sequence in the stream of the first message that is wanted. */
  readonly from: number;
  /** How many messages at most; 0 for none. */
  readonly batch: number;
}

/** Undefined for what is no such message. */
export function parseChunkRead(text: string): ChunkRead | undefined {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null) return undefined;
  const { acknowledged, left, from = 1, batch = 0 } = said as Record<string, unknown>;
  if (!isCount(from) || !isCount(batch) || !(isCount(acknowledged) || left === true)) return undefined;
  return { acknowledged: left === true ? undefined : (acknowledged as number), from, batch };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
