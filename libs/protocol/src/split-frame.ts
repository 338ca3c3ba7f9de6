import { LIMITS } from './limits.js';

/** Cuts a frame of lines into frames that each fit a message; one that does already is the only one. */
export function splitFrame(frame: string): string[] {
  const frames: string[] = [];
  let rest = frame;
  while (rest.length > LIMITS.frameLength) {
    const before = rest.lastIndexOf('\n', LIMITS.frameLength);
    const end = before > 0 ? before : rest.indexOf('\n', LIMITS.frameLength);
    if (end < 0) break; // a single line: it is as long as it is
    frames.push(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
  return [...frames, rest];
}
