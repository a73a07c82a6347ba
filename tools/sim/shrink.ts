import type { Broken } from "./broken.ts";
import type { Plan, PlanEvent } from "./plan.ts";
import { simulate } from "./simulate.ts";
import type { Invariant } from "./watch.ts";

/** A smaller schedule that breaks the same invariant, and how many were tried. */
export interface Shrunk {
  readonly plan: Plan;
  readonly tried: number;
}

/**
 * Drops events (halves first, then ever smaller runs of them), then clients, then edges, then the length, as long as the
 * same invariant still breaks; begins again while that helps.
 */
export async function shrink(
  plan: Plan,
  invariant: Invariant,
  broken: Broken | undefined,
  limit = 400,
): Promise<Shrunk> {
  let smallest = plan;
  let tried = 0;
  const fails = async (candidate: Plan): Promise<boolean> => {
    if (tried >= limit) return false;
    tried++;
    const { violation } = await simulate(candidate, { broken });
    if (violation?.invariant !== invariant) return false;
    smallest = candidate;
    return true;
  };
  let size: number;
  do {
    size = sizeOf(smallest);
    for (let run = smallest.events.length >> 1; run >= 1; run >>= 1) {
      for (let at = 0; at < smallest.events.length; ) {
        const { events } = smallest;
        const rest = events.filter((_, i) => i < at || i >= at + run);
        if (!(await fails({ ...smallest, events: rest }))) at += run;
      }
    }
    for (let at = 0; at < smallest.events.length; at++) await fails(gentler(smallest, at));
    while (smallest.clients > 1 && (await fails(withoutClient(smallest)))) {}
    while (smallest.skews.length > 1 && (await fails(withoutEdge(smallest)))) {}
    await fails({ ...smallest, skews: smallest.skews.map(() => 0) });
    await fails({ ...smallest, quality: { delay: [1, 1], loss: 0, twice: 0 } });
    await fails({ ...smallest, length: (smallest.events.at(-1)?.at ?? 0) + 2000 });
  } while (sizeOf(smallest) < size && tried < limit);
  return { plan: smallest, tried };
}

function sizeOf({ events, clients, skews }: Plan): number {
  const requests = events.map((event) => (event.kind === "request" ? event.count : 1));
  return requests.reduce((sum, count) => sum + count, clients + skews.length);
}

/** One request instead of a burst. */
function gentler(plan: Plan, at: number): Plan {
  const events = plan.events.map((event, i) =>
    i === at && event.kind === "request" ? { ...event, count: 1 } : event,
  );
  return { ...plan, events };
}

function withoutClient(plan: Plan): Plan {
  const clients = plan.clients - 1;
  const stays = (event: PlanEvent) => !("client" in event) || event.client < clients;
  return { ...plan, clients, events: plan.events.filter(stays) };
}

/** What the last edge did the first one does. */
function withoutEdge(plan: Plan): Plan {
  const skews = plan.skews.slice(0, -1);
  const events = plan.events.map((event) =>
    "edge" in event && event.edge >= skews.length ? { ...event, edge: 0 } : event,
  );
  return { ...plan, skews, events };
}
