import { setTimeout as sleep } from "node:timers/promises";
import { decision, type Jar } from "../client.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { atMost, type Gate, none, told } from "../gate.ts";
import { gather, herdConfig, type Member } from "../herd.ts";
import type { Run } from "../scenario.ts";
import { inParallel } from "../wait.ts";

/** Within which every edge must obey. Milliseconds. */
const SOON = 10_000;

/**
 * Sessions are revoked and moved at one edge; the other is asked with their old cookies until it obeys. Then the coordinator
 * and that edge are killed and come back, and are asked once more.
 */
export async function orders({ quick, bundleDir }: Run): Promise<Gate[]> {
  const count = quick ? 10 : 50;
  const fleet = await startFleet({ edges: 2, pods: 3, redis: true, config: herdConfig, bundleDir });
  try {
    const members = await gather(fleet, 2 * count);
    const [revoked, moved] = [members.slice(0, count), members.slice(count)];
    const targets = new Map(moved.map(({ sid, pod }) => [sid, pod === "web-0" ? "web-1" : "web-0"]));
    let [slowest, unheard] = [0, 0];
    await inParallel(members, 4, async (member) => {
      const { sid, jar } = member;
      const to = targets.get(sid);
      const done = await (to === undefined
        ? fleet.admin.send("DELETE", `/v1/sessions/${sid}`)
        : fleet.admin.send("POST", `/v1/sessions/${sid}/move`, { body: { pod: to } }));
      if (done.status !== 200) throw new Error(`${sid}: ${done.body}`);
      const began = performance.now();
      while (!(await obeys(fleet, jar, to))) {
        if (performance.now() - began > SOON) {
          unheard++;
          return;
        }
        await sleep(20);
      }
      slowest = Math.max(slowest, performance.now() - began);
    });
    await fleet.coordinator.restart();
    await fleet.edges[1]!.restart();
    const forgotten = async (some: readonly Member[]) => {
      let left = 0;
      for (const { jar, sid } of some) if (!(await obeys(fleet, jar, targets.get(sid)))) left++;
      return left;
    };
    return [
      told("sessions revoked and as many moved", count, "sessions"),
      none("of them unheard of at the other edge after 10 s", unheard, "sessions"),
      atMost("until the other edge obeyed, the slowest", Math.round(slowest), SOON, "ms"),
      none("revocations forgotten over the restarts", await forgotten(revoked), "sessions"),
      none("moves forgotten over the restarts", await forgotten(moved), "sessions"),
    ];
  } finally {
    await fleet.stop();
  }
}

/** Whether the other edge refuses an old cookie, or sends it where its session was moved. */
async function obeys({ edges }: Fleet, jar: Jar, to: string | undefined): Promise<boolean> {
  const said = decision(await jar.copy().get(edges[1]!.url));
  return to === undefined ? said.outcome === "bound" : said.outcome === "moved" && said.pod === to;
}
