import { execFileSync } from "node:child_process";
import { GUARD } from "../../../src/sessions/guard.ts";
import { PROVISIONAL } from "../../../src/sessions/token.ts";
import { type FaultyRest, startFaultyRest } from "../../chaos/rest/proxy.ts";
import { Listener } from "../crowd.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import { countBy, fullest, gather, herdConfig, spreadBar } from "../herd.ts";
import type { Run } from "../scenario.ts";
import { eventually, inParallel } from "../wait.ts";

/** A compare-and-set as an edge sent it. */
interface Swap {
  readonly at: number;
  readonly sid: string;
}

/**
 * A pod dies under thousands of connections: each session holds an event stream at either of two edges, those of the dead pod
 * are cut at once, and every client opens its own anew in the same moment. Each process needs about 4 file descriptors for
 * a request in flight.
 */
export async function crowd({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const sessions = quick ? 200 : 2500;
  const stores = new Map<string, FaultyRest>();
  const fleet = await startFleet({
    edges: 2,
    pods: 4,
    redis: true,
    config: herdConfig,
    bundleDir,
    // Without a fault it only passes on, and remembers what each edge asked.
    between: async (leg, url, from) => {
      if (leg !== "store" || from === "coordinator") return undefined;
      const store = await startFaultyRest(url);
      stores.set(from, store);
      return store;
    },
  });
  const listeners: Listener[] = [];
  try {
    const members = await gather(fleet, sessions);
    for (const { jar, sid } of members) {
      for (const [edge, { url }] of fleet.edges.entries()) {
        listeners.push(new Listener(sid, edge, url, jar.copy()));
      }
    }
    const statuses: number[] = [];
    await inParallel(listeners, 100, async (one) => {
      statuses.push(await one.open());
    });
    const open = listeners.filter((one) => one.listening).length;
    say(`${open} streams are open`);

    const victim = fullest(members);
    const theirs = listeners.filter(({ pod }) => pod === victim);
    const before = new Map([...stores].map(([edge, store]) => [edge, store.calls]));
    await fleet.pod(victim).kill();
    const began = performance.now();
    await eventually(
      async () => theirs.filter((one) => one.reopened.length > 0).length,
      (back) => back === theirs.length,
      { within: 30_000 },
    );
    const took = Math.round(performance.now() - began);
    const swaps = new Map([...stores].map(([edge, store]) => [edge, swapsOf(store, before.get(edge)!)]));

    const back = theirs.map((one) => one.reopened[0]);
    const failed = back.filter((one) => one?.status !== 200).length;
    const sids = new Map<string, Set<string>>();
    let provisional = 0;
    for (const one of theirs) {
      const pods = sids.get(one.sid) ?? new Set();
      sids.set(one.sid, pods.add(one.pod));
      if (((await fleet.tokens.find(one.jar, "web")).token.flags & PROVISIONAL) !== 0) provisional++;
    }
    const hit = new Set(theirs);
    const others = listeners.filter((one) => one.cuts > 0 && !hit.has(one)).length;
    const divided = [...sids.values()].filter((pods) => pods.size !== 1).length;
    const left = fleet.pods.length - 1;
    const fullestOf = Math.max(0, ...countBy([...sids.values()].map((pods) => [...pods][0]!)).values());
    const spread = (fullestOf * left) / sids.size;
    const all = [...swaps.values()];
    const most = Math.max(0, ...all.flatMap((own) => [...countBy(own.map(({ sid }) => sid)).values()]));
    const rate = Math.max(0, ...all.map((own) => busiestSecond(own.map(({ at }) => at))));
    const posted = await posts(listeners, fleet);
    return [
      // docs/deploying.md: what one edge needs, of two.
      atLeast("file descriptors that a process may have", descriptors(), 5 * sessions + 2000, "files"),
      told("connections held", open, "connections"),
      none("streams that did not open", statuses.filter((status) => status !== 200).length, "streams"),
      atLeast("connections that the pod's death cut", theirs.length, 1, "connections"),
      told("until all were served again", took, "ms"),
      told("slowest of them", Math.round(Math.max(0, ...back.map((one) => one?.took ?? 0))), "ms"),
      none("of them not served at the first attempt", failed, "streams"),
      none("streams of living pods that were cut", others, "streams"),
      none("sessions that two edges moved to different pods", divided, "sessions"),
      atMost("EVALs of a session by one isolate", most, 1, "commands"),
      told(
        "EVALs",
        all.reduce((sum, own) => sum + own.length, 0),
        "commands",
      ),
      // A second of the edge's clock: two of them may meet in one of ours.
      atMost("EVALs of one edge in any second", rate, 2 * GUARD.rate.move, "commands"),
      told("moves that did without the store", provisional, "moves"),
      atMost("fullest pod's share of the herd over the mean", spread, spreadBar(sids.size, left), "×"),
      none("POSTs after it that were not answered 200", posted.failed, "requests"),
      none("POSTs that came twice", posted.twice, "requests"),
    ];
  } finally {
    for (const one of listeners) one.close();
    await fleet.stop();
  }
}

/** The compare-and-sets among the calls that came since then. */
function swapsOf(store: FaultyRest, since: number): Swap[] {
  const own = store.log.slice(-Math.max(1, store.calls - since));
  return own.flatMap(({ at, commands }) =>
    commands
      .filter(([name]) => name === "EVAL" || name === "EVALSHA")
      .map(([, , , key = ""]) => ({ at, sid: key.replace("mooring:s:", "") })),
  );
}

/** The most of these times that lie within one second. */
function busiestSecond(times: readonly number[]): number {
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! >= 1000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** One POST of each client, with an id of its own: how many failed, and how many came more than once. */
async function posts(
  listeners: readonly Listener[],
  fleet: Fleet,
): Promise<{ failed: number; twice: number }> {
  let failed = 0;
  await inParallel(listeners.entries(), 50, async ([i, { jar, edge }]) => {
    const headers = { "x-request-id": `crowd-${i}` };
    const { status } = await jar.copy().post(fleet.edges[edge]!.url, { headers, body: "x" });
    if (status !== 200) failed++;
  });
  const ids = fleet.pods.flatMap((pod) => pod.arrivals({ method: "POST" })).map(({ id }) => id);
  return { failed, twice: ids.length - new Set(ids).size };
}

/** What this process and those that it starts may have open. */
function descriptors(): number {
  const text = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim();
  return text === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(text);
}
