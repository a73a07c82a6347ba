import { startFleet } from "../fleet.ts";
import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import { fullest, gather, herdConfig, spreadBar, stampede } from "../herd.ts";
import { wholeLedger } from "../ledger.ts";
import type { Run } from "../scenario.ts";
import { eventually } from "../wait.ts";

/**
 * A pod is killed, and the page of each of its clients loads: many requests with one cookie, at all edges at once. All of
 * them must be told of one pod and one epoch, and nobody else may notice.
 */
export async function herd({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const sessions = quick ? 100 : 500;
  const parallel = quick ? 12 : 32;
  const fleet = await startFleet({ edges: 3, pods: 3, redis: true, config: herdConfig, bundleDir });
  try {
    const members = await gather(fleet, sessions);
    const victim = fullest(members);
    const before = await scripts();
    const ran = await stampede(fleet, members, victim, parallel);
    const swaps = (await scripts()) - before;
    for (const line of ran.divergent.slice(0, 10)) say(`divergent: ${line}`);
    const sids = new Set(ran.herd.map(({ sid }) => sid));
    const ledger = await eventually(
      () => wholeLedger(fleet),
      (entries) => entries.length >= sids.size,
    );
    const owned = ledger.filter(({ sid, cause }) => sids.has(sid) && cause === "pod-gone");
    const bound = ran.herd.length * fleet.edges.length;
    return [
      told("sessions", sessions, "sessions"),
      atLeast("of them on the pod that was killed", ran.herd.length, 1, "sessions"),
      told("answers", ran.answers, "answers"),
      none("divergent sessions", ran.divergent.length, "sessions"),
      none("answers that moved a session of a living pod", ran.others, "answers"),
      none("GETs that failed", ran.errors, "requests"),
      atMost("compare-and-sets, one for each sid and edge", swaps, bound, "commands"),
      atMost("fullest pod's share of the herd over the mean", ran.spread, spreadBar(ran.herd.length, 2), "×"),
      none("sessions of the herd without exactly one break", sids.size - owned.length, "sessions"),
      none("other breaks", ledger.length - owned.length, "breaks"),
    ];
  } finally {
    await fleet.stop();
  }

  async function scripts(): Promise<number> {
    const { eval: whole = 0, evalsha = 0 } = await fleet.redis!.commandstats();
    return whole + evalsha;
  }
}
