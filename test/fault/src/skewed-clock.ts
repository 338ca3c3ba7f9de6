/**
 * Loaded before a process under test (`--import`): lets the harness set its clock forward or back, as an administrator or a
 * bad time server does. How far stands in a file, named by the port at which the process reaches NATS. What counts time
 * since the start, as timers do, is not affected, as it is not by a real clock that jumps.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const LOOK_MS = 50;
const { FAULT_CLOCKS = '', NATS_URL = '' } = process.env;
const file = join(FAULT_CLOCKS, new URL(NATS_URL).port);
const RealDate = Date;
let skewMs = 0;

function look(): void {
  try {
    skewMs = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    skewMs = 0; // nobody has set it
  }
}

class SkewedDate extends RealDate {
  constructor(...parts: [] | [number | string | Date]) {
    if (parts.length === 0) super(RealDate.now() + skewMs);
    else super(...parts);
  }

  static override now(): number {
    return RealDate.now() + skewMs;
  }
}

look();
setInterval(look, LOOK_MS).unref();
globalThis.Date = SkewedDate as DateConstructor;
