import type { Refusal } from "../model/refusal.ts";
import type { Route, RouteFault } from "../model/snapshot.ts";
import { abortedBy, BAD_BODY, TIMED_OUT } from "./problem.ts";
import { type Terms, termsIn } from "./terms.ts";
import type { Trip } from "./trip.ts";

/** What a route does to its own requests on purpose, ready to be drawn. */
export interface FaultRuntime {
  readonly fault: RouteFault;
  /** What an aborted request is answered. */
  readonly refusal: Refusal;
  /** Longest delay after which any pool of the scope could still be asked. Milliseconds. */
  readonly patience: number;
}

/** The fault of a route; undefined where it asks for none. @param terms of the route, where it has some of its own */
export function faultOf(
  { fault, scope }: Route,
  terms: ReadonlyMap<string, Terms> | undefined,
): FaultRuntime | undefined {
  if (fault === undefined) return undefined;
  const totals = scope.pools.map((pool) => termsIn(terms, pool).timeouts.total ?? Number.POSITIVE_INFINITY);
  return { fault, refusal: abortedBy(fault.abort?.status ?? 503), patience: Math.max(...totals) };
}

/**
 * Delays a request, aborts it, or both, each drawn by itself: the delay first. It comes before the session is looked for, so
 * that one who is aborted neither begins, moves nor renews one, and one who was delayed goes by how the pods are then.
 *
 * @returns why no pod is asked; undefined: the request goes on
 */
export async function strike(
  trip: Trip,
  { fault, refusal, patience }: FaultRuntime,
): Promise<Refusal | undefined> {
  const { edge, view, background } = trip;
  const delay = drawn(trip, fault.delay) ? fault.delay!.for : 0;
  const aborted = drawn(trip, fault.abort);
  if (delay > 0) {
    if (!(await pause(trip, Math.min(delay, patience)))) return BAD_BODY;
    if (delay >= patience) return TIMED_OUT;
    // Nobody may have asked for the view meanwhile.
    if (!aborted && edge.stale(view, edge.clock.now())) await edge.refresh(background);
  }
  return aborted ? refusal : undefined;
}

function drawn({ edge }: Trip, part: { readonly share: number } | undefined): boolean {
  return part !== undefined && edge.chance.word() < part.share * 2 ** 32;
}

/** Whether the client is still there after so many milliseconds, as far as the platform tells of it; else at once. */
async function pause(trip: Trip, ms: number): Promise<boolean> {
  const { edge, request } = trip;
  const { signal } = request;
  const since = edge.clock.now();
  let cancel = () => {};
  let leave = () => {};
  await new Promise<void>((resolve) => {
    leave = resolve;
    signal?.addEventListener("abort", leave);
    cancel = edge.after(ms, leave);
  });
  cancel();
  signal?.removeEventListener("abort", leave);
  trip.waited += edge.clock.now() - since;
  return signal?.aborted !== true;
}
