import type { RebalanceStatus } from "../coordinator/rebalance-status.ts";
import type { Isolate } from "../edge/isolate.ts";
import { askCoordinator, ok, whoOf } from "./call.ts";
import { invalid, readObject } from "./input.ts";
import type { AdminContext } from "./pools.ts";

/** Sessions a second, unless asked for and at most: each is about five commands of the store, and a line on every edge's feed. */
const RATE = { usual: 10, most: 100 };
/** The skew at which it ends, unless asked for and at most. */
const TARGET = { usual: 1.05, most: 10 };

/** POST /pools/{pool}/rebalance: begins to move idle sessions to pods below their share; a dry run says how many. */
export async function postRebalance(c: AdminContext, isolate: Isolate, pool: string): Promise<Response> {
  const body = await readObject(c.req.raw, ["rate", "target", "dryRun"]);
  if (body instanceof Response) return body;
  const { rate = RATE.usual, target = TARGET.usual, dryRun = false } = body;
  if (typeof rate !== "number" || !Number.isInteger(rate) || rate < 1 || rate > RATE.most) {
    return invalid("rate", "not a rate", `Write whole sessions a second, from 1 to ${RATE.most}.`);
  }
  if (typeof target !== "number" || !(target >= 1 && target <= TARGET.most)) {
    return invalid("target", "not a skew", `Write a number from 1 (no skew at all) to ${TARGET.most}.`);
  }
  if (typeof dryRun !== "boolean") return invalid("dryRun", "not a boolean", "Write true or false.");
  const order = { pool, rate, target, dryRun, who: whoOf(c) };
  return answer(await askCoordinator<RebalanceStatus>(isolate, "/rebalance", order, c));
}

/** GET /pools/{pool}/rebalance: how far it is, or how the last one ended. */
export async function getRebalance(isolate: Isolate, pool: string): Promise<Response> {
  const path = `/rebalance?${new URLSearchParams({ pool })}`;
  return answer(await askCoordinator<RebalanceStatus>(isolate, path));
}

/** DELETE /pools/{pool}/rebalance: stops it; who has moved stays moved. */
export async function deleteRebalance(c: AdminContext, isolate: Isolate, pool: string): Promise<Response> {
  return answer(await askCoordinator<RebalanceStatus>(isolate, "/rebalance/stop", { pool }, c));
}

function answer(reply: (RebalanceStatus & { ok?: true }) | Response): Response {
  if (reply instanceof Response) return reply;
  const { ok: _, ...status } = reply;
  return ok(status);
}
