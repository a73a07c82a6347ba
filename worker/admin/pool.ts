import type { PodStatus, PoolChange } from "../coordinator/pods.ts";
import type { Isolate } from "../edge/isolate.ts";
import { askCoordinator, ok } from "./call.ts";
import { invalid, readDeadline, readObject } from "./input.ts";
import { type AdminContext, hear } from "./pools.ts";

const STATES = ["ready", "rolled-back", "retiring"] as const;

/**
 * PATCH /pools/{pool}: what the operator says of all its pods at once, for canaries. `rolled-back`: its sessions leave at
 * once, `canary-rollback`, and nobody else's do. `retiring`: they stay to the deadline, then `canary-promote`. `ready`
 * takes either back.
 */
export async function patchPool(c: AdminContext, isolate: Isolate, pool: string): Promise<Response> {
  const body = await readObject(c.req.raw, ["state", "deadline"]);
  if (body instanceof Response) return body;
  const state = STATES.find((name) => name === body.state);
  if (state === undefined) {
    const message = body.state === undefined ? "it is missing" : `${JSON.stringify(body.state)} is no state`;
    return invalid("state", message, `Write one of: ${STATES.join(", ")}.`);
  }
  const deadline = readDeadline(body.deadline, Date.now());
  if (deadline instanceof Response) return deadline;
  if (deadline !== undefined && state !== "retiring") {
    const hint = 'Leave it out, or write "state": "retiring".';
    return invalid("deadline", `a pool that is ${state} has none`, hint);
  }
  const change: PoolChange = { pool, state, ...(deadline === undefined ? {} : { deadline }), who: "admin" };
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
