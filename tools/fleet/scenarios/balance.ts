import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../client.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { atMost, type Gate, none, told } from "../gate.ts";
import type { Run } from "../scenario.ts";

const PODS = 5;
const SLOTS = 4;
/** What a request takes at a sound pod, and at the slow one. Milliseconds. */
const SOUND = 50;
const SLOW = 250;
/** Of what the sound pods could serve. */
const LOAD = 0.4;
/** Share of new work over the fair one that the slow pod may have (the simulator's bar). */
const SHARE = 0.35;

/** What the clients of one policy saw. */
interface Seen {
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
  /** The slow pod's share of the requests over its fair one. */
  readonly share: number;
  readonly failed: number;
}

/**
 * Many edges, and one pod that is five times as slow as the others: it fills up under round robin, and no edge alone sees
 * enough of it. Requests come at a fixed rate, whatever becomes of those before. The same by what each isolate has in
 * flight itself is measured with the coordinator silent: then nothing is known of others.
 */
export async function balance({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const edges = quick ? 4 : 8;
  const lasts = quick ? 4000 : 12_000;
  const fleet = await startFleet({
    edges,
    pods: PODS,
    bundleDir,
    config: (pods) => ({
      version: 1,
      pools: {
        fleet: { pods, policy: "least-request", affinity: "none" },
        turns: { pods, policy: "round-robin", affinity: "none" },
      },
      routes: [
        { path: "/", pool: "fleet" },
        { path: "/turns", pool: "turns" },
      ],
    }),
  });
  try {
    const [slow] = fleet.pods;
    for (const pod of fleet.pods) await pod.behave({ delay: pod === slow ? SLOW : SOUND, slots: SLOTS });
    const seen: Record<string, Seen> = {};
    // What is known of the slow pod must first be learned: 12 s of the 10 s that it looks back on.
    await drive(fleet, "/", quick ? 6000 : 12_000);
    seen.fleet = await drive(fleet, "/", lasts);
    await rest(say);
    fleet.coordinator.pause();
    // The last word on the load is dropped after three periods.
    await sleep(8000);
    seen.local = await drive(fleet, "/", lasts);
    fleet.coordinator.resume();
    await rest(say);
    seen.turns = await drive(fleet, "/turns", lasts);
    const failed = Object.values(seen).reduce((sum, one) => sum + one.failed, 0);
    const p99 = (name: string) => percentile(seen[name]!.latencies, 0.99);
    return [
      told("edges", edges, "processes"),
      told("requests of each policy", seen.fleet.latencies.length, "requests"),
      atMost("slow pod's share of new work over the fair one, least-request", seen.fleet.share, SHARE, "×"),
      told("the same without the coordinator: each isolate's own load alone", seen.local.share, "×"),
      told("the same by round robin", seen.turns.share, "×"),
      told("p99, least-request", p99("fleet"), "ms"),
      told("p99, each isolate's own load alone", p99("local"), "ms"),
      told("p99, round robin", p99("turns"), "ms"),
      atMost("p99 of least-request over that of round robin", p99("fleet") / p99("turns"), 1, "×"),
      none("requests that failed", failed, "requests"),
    ];
  } finally {
    await fleet.stop();
  }
}

/** Until the queue of the slow pod has run empty. */
async function rest(say: (line: string) => void): Promise<void> {
  say("waiting for the slow pod's queue to run empty");
  await sleep(10_000);
}

/** Requests at a fixed rate, to the edges in turn. */
async function drive(fleet: Fleet, path: string, lasts: number): Promise<Seen> {
  const every = 1000 / ((LOAD * (PODS - 1) * SLOTS * 1000) / SOUND);
  const [slow] = fleet.pods;
  const latencies: number[] = [];
  let [failed, atSlow, sent] = [0, 0, 0];
  const begun = performance.now();
  const open: Promise<void>[] = [];
  while (performance.now() - begun < lasts) {
    const due = begun + sent * every;
    if (due > performance.now()) await sleep(due - performance.now());
    const edge = fleet.edges[sent++ % fleet.edges.length]!;
    // From when it was due, not from when it could be sent: a client that waits must not hide what others would have seen.
    const ask = async () => {
      try {
        const { status, body } = await call(edge.url + path, { timeout: 60_000 });
        if (status !== 200) failed++;
        if (body.trim() === slow!.id) atSlow++;
        latencies.push(performance.now() - due);
      } catch {
        failed++;
      }
    };
    open.push(ask());
  }
  await Promise.all(open);
  latencies.sort((a, b) => a - b);
  return { latencies, share: (atSlow / sent) * PODS, failed };
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
