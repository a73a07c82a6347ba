import type { PodStatus, PoolChange } from "../coordinator/pods.ts";
import type { Isolate } from "../edge/isolate.ts";
import { askCoordinator, ok } from "./call.ts";
import { type AdminContext, hear, readOrder } from "./pools.ts";

const STATES = ["ready", "rolled-back", "retiring"] as const;

/**
 * PATCH /pools/{pool}: what the operator says of all its pods at once, for canaries. `rolled-back`: its sessions leave at
 * once, `canary-rollback`, and nobody else's do. `retiring`: they stay to the deadline, then `canary-promote`. `ready`
 * takes either back.
 */
export async function patchPool(c: AdminContext, isolate: Isolate, pool: string): Promise<Response> {
  const asked = await readOrder(c.req.raw, "pool", STATES, "retiring");
  if (asked instanceof Response) return asked;
  const change: PoolChange = { pool, ...asked, who: "admin" };
  const reply = await askCoordinator<{ pods: PodStatus[] }>(isolate, "/pool", change);
  if (reply instanceof Response) return reply;
  await hear(c, isolate, 0);
  const pods = reply.pods.map(({ id, state: now, since, deadline: until }) => ({
    id,
    state: now,
    since,
    deadline: until,
  }));
  return ok({ pool, pods });
}
