import { advise } from "../../src/doctor/advice.ts";
import type { Checkup } from "../../src/doctor/checkup.ts";
import { diagnose } from "../../src/doctor/index.ts";
import { tagFromHex } from "../../src/model/pod.ts";
import type { Isolate } from "../edge/isolate.ts";
import { callCoordinator, ok } from "./call.ts";
import { countShared } from "./fleet.ts";

/** GET /doctor: what is wrong now, each with what shows it and what to do; and sizes, by what was measured. */
export async function getDoctor(request: Request, isolate: Isolate): Promise<Response> {
  const answer = await callCoordinator(isolate, "/checkup", {});
  if (answer instanceof Response) return answer;
  const checkup = await withStore((await answer.json()) as Checkup, request, isolate);
  return ok({
    findings: diagnose(checkup),
    advice: advise(checkup),
    at: checkup.at,
    revision: checkup.revision,
  });
}

/** What the coordinator does not ask the store for: the sessions of each pod, and so whether it answers. */
async function withStore(checkup: Checkup, request: Request, isolate: Isolate): Promise<Checkup> {
  const tags = checkup.pools.flatMap(({ pods }) => pods.map(({ tag }) => tagFromHex(tag)));
  let counts = await countShared(request, isolate, tags);
  // Once is no trouble yet.
  if (counts.includes(null)) counts = await countShared(request, isolate, tags);
  let at = 0;
  const pools = checkup.pools.map((pool) => ({
    ...pool,
    pods: pool.pods.map((pod) => ({ ...pod, sessions: counts[at++] ?? null })),
  }));
  const answers = tags.length === 0 ? undefined : !counts.includes(null);
  return { ...checkup, pools, store: { ...checkup.store, answers } };
}
