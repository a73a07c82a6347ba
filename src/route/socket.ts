import { tagFromHex } from "../model/pod.ts";
import type { PodRuntime } from "./pod.ts";
import type { Trip } from "./trip.ts";
import type { View } from "./view.ts";

/** An open WebSocket, as who pumps it must know it. */
export interface Watch {
  /** Whether it must be closed: its pod keeps it no longer, or its session is elsewhere or over. */
  over(): boolean | Promise<boolean>;
  /** Called once, when it has ended. */
  ended(): void;
  /** Over how long the closings of many spread. Milliseconds. */
  readonly jitter: number;
}

/**
 * A 101 pumped, so that it can be closed when its session must leave the pod; undefined where its pool does not ask for that.
 * The place at the pod that its request has taken is the socket's then, as long as it is open.
 */
export function tend(trip: Trip, pod: PodRuntime, response: Response): Response | undefined {
  const { edge, background } = trip;
  const { webSocket } = pod.pool.pool;
  if (webSocket?.onDrain !== "close") return undefined;
  const { id } = trip.route.scope.scope;
  const { tag } = pod.pod;
  const leaves = (view: View | undefined) => {
    if (view === undefined) return false;
    // Not this trip's view: a pod that a newer config has no more, or has replaced, keeps nothing.
    const now = view.scopes.find(({ scope }) => scope.id === id)?.pods.get(tag);
    if (now === undefined || !now.keep) return true;
    const session = trip.served;
    const news = session && edge.feed.below(session.sid, session.epoch);
    return news !== undefined && (news.to === null || tagFromHex(news.to) !== tag);
  };
  const watch: Watch = {
    jitter: webSocket.jitter,
    over() {
      const view = edge.view(edge.clock.now(), background);
      return view instanceof Promise ? view.then(leaves) : leaves(view);
    },
    ended: () => pod.release(edge.clock.now()),
  };
  return edge.forwarder.pump(response, watch, background);
}
