import type { PoolStatus } from "../coordinator/pod-status.ts";
import type { PoolChange } from "../coordinator/pods.ts";
import type { Isolate } from "../edge/isolate.ts";
import { askCoordinator, ok, whoOf } from "./call.ts";
import { type AdminContext, hear, readOrder } from "./pools.ts";

const STATES = ["ready", "paused", "rolled-back", "retiring"] as const;

/**
 * PATCH /pools/{pool}: what the operator says of all its pods at once, for canaries. `paused`: they keep their sessions, and
 * take no new ones. `rolled-back`: its sessions leave at once, `canary-rollback`, and nobody else's do. `retiring`: they stay
 * to the deadline, then `canary-promote`. `ready` takes each of them back. `weight`: its part of the new sessions of each split
 * that it is a side of, whatever the config says; null takes it back.
 */
export async function patchPool(c: AdminContext, isolate: Isolate, pool: string): Promise<Response> {
  const asked = await readOrder(c.req.raw, "pool", STATES, "retiring");
  if (asked instanceof Response) return asked;
  const change: PoolChange = { pool, ...asked, who: whoOf(c) };
  const reply = await askCoordinator<PoolStatus>(isolate, "/pool", change, c);
  if (reply instanceof Response) return reply;
  await hear(c, isolate, 0);
  const pods = reply.pods.map(({ id, state: now, since, deadline: until }) => ({
    id,
    state: now,
    since,
    deadline: until,
  }));
  return ok({ pool, weight: reply.weight, pods });
}
