import type { Isolate } from "../edge/isolate.ts";
import { callCoordinator, ok } from "./call.ts";

/** GET /alerts: each rule as it is with the pool that it is worst with, and what waits for the webhook. */
export async function getAlerts(isolate: Isolate): Promise<Response> {
  const answer = await callCoordinator(isolate, "/alerts", {});
  return answer instanceof Response ? answer : ok((await answer.json()) as object);
}
