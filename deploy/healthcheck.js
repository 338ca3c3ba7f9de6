// Exits 0 when the service named by the argument answers NATS micro's ping, 1 when it does not: the health check of the
// containers. It speaks the few lines of the NATS protocol itself, to start in a fraction of what a client takes.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';

const TIMEOUT_MS = 2_000;
const service = process.argv[2];
const address = new URL(process.env.NATS_URL ?? 'nats://127.0.0.1:4222');
const user = decodeURIComponent(address.username);
const inbox = `${user ? `_INBOX_${user}` : '_INBOX'}.health.${randomUUID()}`;
const login = { verbose: false, ...(user && { user, pass: decodeURIComponent(address.password) }) };

function end(code, reason) {
  console.log(reason);
  process.exit(code);
}

setTimeout(() => end(1, `no answer from ${service} in ${TIMEOUT_MS} ms`), TIMEOUT_MS);
const socket = connect({ host: address.hostname, port: Number(address.port || 4222) });
socket.once('connect', () => {
  socket.write(`CONNECT ${JSON.stringify(login)}\r\nSUB ${inbox} 1\r\nPUB $SRV.PING.${service} ${inbox} 0\r\n\r\n`);
});
let received = '';
socket.setEncoding('utf8').on('data', (chunk) => {
  received += chunk;
  const refusal = /^-ERR .*/m.exec(received);
  if (refusal) end(1, refusal[0]);
  if (/^H?MSG /m.test(received)) end(0, `${service} answers`);
});
socket.once('error', (error) => end(1, error.message));
socket.once('close', () => end(1, 'the connection was closed'));
