/** What is told of circuits: in the history when one changes, and of those that are not closed when somebody asks. */

/** A call or work that changed a circuit, and to what. */
export interface CircuitChange {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Unix time. */
  readonly atMs: number;
  /** Open: until when nothing is let through. Half-open: how long its one call is waited for. */
  readonly untilMs?: number;
}

/** One that is not closed, as a choreographer has it. */
export interface CircuitView {
  readonly plugin: string;
  readonly version: string;
  readonly capability: string;
  readonly state: 'open' | 'half-open';
  /** The only caller that it holds up, where it is closed to all others. */
  readonly caller?: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** `choreographer.circuits`: no arguments. Each choreographer has circuits of its own: `replica` is the one whose it is. */
export interface CircuitList {
  readonly circuits: readonly (CircuitView & { readonly replica: string })[];
}

/** What a choreographer says with its heartbeat. Anything else is nothing. */
export function parseCircuits(text: string): CircuitView[] {
  try {
    const { circuits } = JSON.parse(text) as { circuits?: unknown };
    return Array.isArray(circuits) ? circuits.filter(isCircuit) : [];
  } catch {
    return [];
  }
}

function isCircuit(value: unknown): value is CircuitView {
  if (typeof value !== 'object' || value === null) return false;
  const { plugin, version, capability, state, sinceMs, untilMs } = value as Partial<Record<keyof CircuitView, unknown>>;
  const isNamed = [plugin, version, capability].every((one) => typeof one === 'string');
  return isNamed && (state === 'open' || state === 'half-open') && Number.isFinite(sinceMs) && Number.isFinite(untilMs);
}
