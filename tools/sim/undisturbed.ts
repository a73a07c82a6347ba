import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import { renewalAge } from "../../src/sessions/expiry.ts";
import type { Call } from "./call.ts";
import type { Isolate } from "./isolate.ts";
import type { Watch } from "./watch.ts";

/**
 * I1 from outside, without asking the edge what it thinks of a pod: the pod of the newest good token of a session, when
 * nothing whatever was wrong with that pod for as long as this edge's view is young. Undefined: something was, or might
 * have been, and the session may move.
 */
export function undisturbed(watch: Watch, call: Call, isolate: Isolate): PodTag | undefined {
  const { token, text } = call;
  const { lied, coordinator, store, pods, retired, loop, plan } = watch.world;
  if (token === undefined || text === undefined) return undefined;
  if (lied || !watch.clocksAgree || retired.size > 0) return undefined;
  const issued = watch.issued.get(text);
  if (issued === undefined) return undefined;
  const age = (loop.now - issued.at) / 1000;
  if (age > plan.idle + renewalAge(plan.idle, token.sid) || loop.now / 1000 > token.exp - 61)
    return undefined;
  const known = watch.epochs.get(token.sid)!;
  if (Math.max(...known.keys()) > token.epoch || known.get(token.epoch)!.size > 1) return undefined;
  if (store.lost.has(token.sid) || watch.operated.has(token.sid)) return undefined;
  const stored = store.get(token.sid);
  if (stored !== undefined && (stored.epoch > token.epoch || stored.state === "R")) return undefined;
  const hex = tagToHex(token.pod);
  const present = coordinator.present.get(hex);
  const place = coordinator.snapshot?.pools.flatMap((pool) => pool.pods).find(({ tag }) => tag === token.pod);
  if (place === undefined || present === undefined) return undefined;
  const since = Math.max(
    pods.of(place).wellSince,
    coordinator.unkept.get(hex) ?? 0,
    coordinator.unkept.get(place.pool) ?? 0,
    present,
    coordinator.reborn,
  );
  if (since >= isolate.views.toldAt) return undefined;
  const pool = plan.pools.find(({ name }) => name === place.pool);
  return pool?.failover === "temporary" && token.home !== token.pod ? undefined : token.pod;
}
