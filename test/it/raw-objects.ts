/** Objects as a client in any language writes and reads them, from what docs/protocol.md says and with nothing of ours. */
import { createHash, randomBytes } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const CHUNK = 128 * 1024;

export interface RawObject {
  readonly name: string;
  /** For `ce-dataref`. */
  readonly reference: string;
}

export async function putRaw(nc: NatsConnection, value: string | Uint8Array): Promise<RawObject> {
  const bytes = Buffer.from(value);
  const name = randomBytes(16).toString('hex');
  const js = jetstream(nc);
  let chunks = 0;
  for (let at = 0; at < bytes.length; at += CHUNK, chunks++) {
    await js.publish(`$O.ORC_OBJECTS.C.${name}`, bytes.subarray(at, at + CHUNK));
  }
  const digest = createHash('sha256').update(bytes).digest();
  const info = {
    ...{ name, bucket: 'ORC_OBJECTS', nuid: name, size: bytes.length, chunks },
    digest: `SHA-256=${digest.toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`,
  };
  const encoded = Buffer.from(name).toString('base64');
  await js.publish(`$O.ORC_OBJECTS.M.${encoded}`, JSON.stringify(info));
  return { name, reference: `/objects/${name}?size=${bytes.length}&sha256=${digest.toString('hex')}` };
}

/** Reads what a `ce-dataref` names, and checks it. */
export async function getRaw(nc: NatsConnection, reference: string): Promise<Buffer> {
  const [, name, size, sha256] = /^\/objects\/(.+)\?size=(\d+)&sha256=(.+)$/.exec(reference) ?? [];
  const chunks: Buffer[] = [];
  let missing = Number(size);
  for (let seq = 1; missing > 0; ) {
    const query = JSON.stringify({ seq, next_by_subj: `$O.ORC_OBJECTS.C.${name}` });
    const answer = await nc.request('$JS.API.STREAM.MSG.GET.OBJ_ORC_OBJECTS', query, { timeout: 10_000 });
    const { message } = answer.json<{ message?: { seq: number; data: string } }>();
    if (!message) throw new Error(`${missing} bytes of ${name} are missing`);
    const chunk = Buffer.from(message.data, 'base64');
    chunks.push(chunk);
    missing -= chunk.length;
    seq = message.seq + 1;
  }
  const bytes = Buffer.concat(chunks);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== sha256) throw new Error(`${name} is not what it should be`);
  return bytes;
}
