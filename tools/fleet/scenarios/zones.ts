import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../client.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import type { Run } from "../scenario.ts";

const ZONES = ["a", "b", "c"] as const;
/** In each zone. */
const PODS = 2;
/** One way between two zones. Milliseconds. */
const HOP = 1;
/** Clients of each edge, each with one request after another. */
const CLIENTS = 2;
/** From the beginning of a client's request to that of its next, if it was answered by then. Milliseconds. */
const EVERY = 15;
/** Of all requests, that may leave their zone where nothing is wrong: the load that the coordinator hears is even only nearly. */
const SPILL = 0.05;

const PATHS = { prefer: "/near", any: "/any" } as const;
type Way = keyof typeof PATHS;

/** What the clients of one pool saw. */
class Seen {
  /** Milliseconds. */
  readonly latencies: number[] = [];
  crossed = 0;
  failed = 0;

  get crossing(): number {
    return this.crossed / Math.max(1, this.latencies.length);
  }

  get mean(): number {
    return this.latencies.reduce((sum, one) => sum + one, 0) / Math.max(1, this.latencies.length);
  }

  get median(): number {
    return this.latencies.toSorted((a, b) => a - b)[this.latencies.length >> 1] ?? 0;
  }
}

/**
 * An edge in each of three zones, and pods that are a hop of 1 ms each way away from the edges of other zones. The same pods
 * in two pools, of which one prefers the zone of a request, asked in turn, so that what the machine does it does to both.
 * Then all pods of a zone are killed with signal 9 at once, and come back.
 */
export async function zones({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const lasts = quick ? 5000 : 20_000;
  const zoneOf = (pod: string) => ZONES[Number(pod.slice("web-".length)) % ZONES.length]!;
  const fleet = await startFleet({
    edges: ZONES.length,
    pods: PODS * ZONES.length,
    bundleDir,
    edgeEnv: (edge) => ({ MOORING_ZONE: ZONES[edge]! }),
    config: (listed) => {
      const pods = listed.map((pod) => ({ ...pod, zone: zoneOf(pod.id) }));
      const pool = {
        pods,
        policy: "least-request",
        affinity: "none",
        // One pod after another of the zone refuses, before it is known of them all; and then one of another zone serves.
        retry: { attempts: PODS + 1 },
        health: { readiness: { path: "/ready", period: "500ms", timeout: "500ms", failure: 2 } },
      };
      return {
        version: 1,
        pools: { near: { ...pool, zones: "prefer" }, any: { ...pool, zones: "any" } },
        routes: [
          { path: PATHS.prefer, pool: "near" },
          { path: PATHS.any, pool: "any" },
        ],
      };
    },
  });
  try {
    const behave = () =>
      Promise.all(fleet.pods.map((pod) => pod.behave({ zone: zoneOf(pod.id), hop: 2 * HOP })));
    await behave();
    // Probes, the first heartbeats, and what is compiled on the way.
    await drive(fleet, zoneOf, 4000);
    const well = await drive(fleet, zoneOf, lasts);
    const [near, any] = [well.prefer, well.any];

    const lost = fleet.pods.filter(({ id }) => zoneOf(id) === ZONES[0]);
    say(`killing ${lost.map(({ id }) => id).join(" and ")}, all of zone ${ZONES[0]}`);
    const dying = drive(fleet, zoneOf, lasts);
    await sleep(lasts / 5);
    await Promise.all(lost.map((pod) => pod.kill()));
    const after = await dying;
    await Promise.all(lost.map((pod) => pod.revive()));
    await behave();
    // Two probes that pass, the heartbeat that says so, and a new share of what each zone takes.
    await drive(fleet, zoneOf, 5000);
    const back = await drive(fleet, zoneOf, lasts / 2);
    return [
      told("requests to each pool", near.latencies.length, "requests"),
      told("mean, zones: prefer", near.mean, "ms"),
      told("mean, zones: any", any.mean, "ms"),
      atMost("mean of prefer over that of any", near.mean / any.mean, 1, "×"),
      told("median, zones: prefer", near.median, "ms"),
      told("median, zones: any", any.median, "ms"),
      atMost("to another zone, zones: prefer", near.crossing, SPILL, "of all"),
      told("to another zone, zones: any", any.crossing, "of all"),
      none("requests that failed while all was well", near.failed + any.failed, "requests"),
      atLeast("to another zone while the pods of one are dead", after.prefer.crossing, 0.1, "of all"),
      none("requests that failed when a zone's pods died, zones: prefer", after.prefer.failed, "requests"),
      told("the same, zones: any", after.any.failed, "requests"),
      atMost("to another zone after they came back", back.prefer.crossing, SPILL, "of all"),
    ];
  } finally {
    await fleet.stop();
  }
}

/** The clients of all edges ask both pools in turn. */
async function drive(
  { edges }: Fleet,
  zoneOf: (pod: string) => string,
  lasts: number,
): Promise<Record<Way, Seen>> {
  const seen = { prefer: new Seen(), any: new Seen() };
  const until = performance.now() + lasts;
  const client = async (edge: number) => {
    const zone = ZONES[edge]!;
    while (performance.now() < until) {
      for (const way of ["prefer", "any"] as const) {
        const began = performance.now();
        try {
          const headers = { "x-from-zone": zone };
          const { status, body } = await call(edges[edge]!.url + PATHS[way], { headers, timeout: 10_000 });
          if (status !== 200) seen[way].failed++;
          else if (zoneOf(body.trim()) !== zone) seen[way].crossed++;
          seen[way].latencies.push(performance.now() - began);
        } catch {
          seen[way].failed++;
        }
        // At the same rate from every zone: one that asks more than its pods' part of all spills what is too much.
        await sleep(Math.max(1, EVERY - (performance.now() - began)));
      }
    }
  };
  await Promise.all(edges.flatMap((_, edge) => Array.from({ length: CLIENTS }, () => client(edge))));
  return seen;
}
