/** Circles in a graph: who needs whom that needs it. Pure. */

/** What each node leads to. */
export type Arrows<Id> = ReadonlyMap<Id, readonly Id[]>;

export interface Cycles<Id> {
  /** Each a path that ends where it began. */
  readonly cycles: readonly (readonly Id[])[];
  /** There are more, which were not looked for. */
  readonly more: boolean;
}

/** Arrows that are followed to find them all: enough for what people install. */
const MAX_STEPS = 300_000;

/**
 * For each arrow that is part of a circle, the shortest one with it, each circle once: whoever cuts one arrow of each has cut
 * them all. The number of all circles may be exponential.
 */
export function cyclesOf<Id extends string>(next: Arrows<Id>): Cycles<Id> {
  const budget = { steps: MAX_STEPS };
  const cycles = new Map<string, readonly Id[]>();
  for (const component of componentsOf(next)) {
    for (const from of [...component].sort()) {
      for (const cycle of cyclesThrough(from, next, component, budget)) cycles.set(cycle.join(' '), cycle);
    }
  }
  return { cycles: [...cycles.values()], more: budget.steps < 0 };
}

/** For each arrow of a node the shortest circle with it, beginning at the smallest of its nodes. */
export function cyclesThrough<Id extends string>(
  from: Id,
  next: Pick<Arrows<Id>, 'get'>,
  within?: ReadonlySet<Id>,
  budget: { steps: number } = { steps: MAX_STEPS },
): (readonly Id[])[] {
  const others = (next.get(from) ?? []).filter((to) => !within || within.has(to));
  const back = others.flatMap((to) => {
    const path = shortestPath(to, from, next, within, budget);
    return path ? [rotated(path)] : [];
  });
  return [...new Map(back.map((path) => [path.join(' '), path])).values()];
}

/** From one node to another, both included. */
function shortestPath<Id extends string>(
  start: Id,
  end: Id,
  next: Pick<Arrows<Id>, 'get'>,
  within: ReadonlySet<Id> | undefined,
  budget: { steps: number },
): Id[] | undefined {
  const cameFrom = new Map<Id, Id | undefined>([[start, undefined]]);
  if (start === end) return [start];
  for (const id of cameFrom.keys()) {
    for (const other of next.get(id) ?? []) {
      if (--budget.steps < 0) return undefined;
      if (cameFrom.has(other) || (within && !within.has(other))) continue;
      cameFrom.set(other, id);
      if (other === end) return pathTo(end, cameFrom);
    }
  }
  return undefined;
}

function pathTo<Id>(end: Id, cameFrom: ReadonlyMap<Id, Id | undefined>): Id[] {
  const path: Id[] = [];
  for (let at: Id | undefined = end; at !== undefined; at = cameFrom.get(at)) path.push(at);
  return path.reverse();
}

/** A circle without its end, as a path from its smallest node to itself. */
function rotated<Id extends string>(circle: readonly Id[]): Id[] {
  const smallest = circle.reduce((least, id, index) => (id < (circle[least] ?? id) ? index : least), 0);
  const path = [...circle.slice(smallest), ...circle.slice(0, smallest)];
  return [...path, ...path.slice(0, 1)];
}

/** Nodes that all reach each other (Tarjan's strongly connected components), without recursion: chains may be long. */
function componentsOf<Id extends string>(next: Arrows<Id>): Set<Id>[] {
  const order = new Map<Id, number>();
  const lowest = new Map<Id, number>();
  const stack: Id[] = [];
  const onStack = new Set<Id>();
  const components: Set<Id>[] = [];
  const enter = (id: Id) => {
    order.set(id, order.size);
    lowest.set(id, order.size - 1);
    stack.push(id);
    onStack.add(id);
    return { id, left: [...(next.get(id) ?? [])] };
  };
  const lower = (id: Id, to: number | undefined) =>
    lowest.set(id, Math.min(lowest.get(id) ?? 0, to ?? Number.POSITIVE_INFINITY));
  for (const root of next.keys()) {
    if (order.has(root)) continue;
    const visits = [enter(root)];
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const other = visit.left.pop();
      if (other !== undefined && !order.has(other)) visits.push(enter(other));
      else if (other !== undefined && onStack.has(other)) lower(visit.id, order.get(other));
      if (other !== undefined) continue;
      visits.pop();
      const outer = visits.at(-1);
      if (outer) lower(outer.id, lowest.get(visit.id));
      if (lowest.get(visit.id) !== order.get(visit.id)) continue;
      const component = new Set(stack.splice(stack.indexOf(visit.id)));
      for (const id of component) onStack.delete(id);
      components.push(component);
    }
  }
  return components;
}
