import { PROVISIONAL, type Token } from "../sessions/token.ts";
import type { Edge } from "./edge.ts";
import type { Trip } from "./trip.ts";

/** What this isolate remembers of a keyed session. */
export interface Keyed {
  readonly token: Token;
  /** When the store last confirmed it; 0: it must be asked. Milliseconds since the epoch. */
  readonly checked: number;
}

/** Values up to this length are remembered by themselves; longer ones, which would fill the memory, by their sid. */
export const LONG = 256;

/** What is remembered beyond its own end is nothing: the store, if it has forgotten it too, must not be told of it again. */
export function recall(edge: Edge, place: string, now: number): Keyed | undefined {
  const known = edge.keyed.get(place);
  if (known === undefined || known.token.exp * 1000 >= now) return known;
  edge.keyed.delete(place);
  return undefined;
}

/** Once a pod has answered: this isolate knows the session by its key. */
export function remember(trip: Trip, session: Token): void {
  const { keyed } = trip.edge;
  const { place } = trip.keyed!;
  const provisional = (session.flags & PROVISIONAL) !== 0;
  // An answer that came too late for this request knows more than what it went by.
  if (provisional && (keyed.get(place)?.checked ?? 0) > trip.now) return;
  keyed.set(place, { token: session, checked: provisional ? 0 : trip.now });
}
