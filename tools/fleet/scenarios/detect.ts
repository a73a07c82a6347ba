import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../client.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { atMost, type Gate, none, told } from "../gate.ts";
import type { FleetPod } from "../pod-process.ts";
import type { Run } from "../scenario.ts";
import { eventually } from "../wait.ts";

const PODS = 5;
/** Requests a second at each pod. */
const RATE = 12;
/** Of the pool that is probed: nobody asks it anything. Milliseconds. */
const PROBE = { period: 500, timeout: 500, failure: 2 };
/** Stands for what did not come about by then. Milliseconds. */
const LONGEST = 20_000;
/** Of requests that answer 500 at every pod. */
const ERRORS = 0.01;

interface PodHealth {
  readonly state: string;
  readonly health: {
    readonly history: readonly { readonly at: number; readonly check: string; readonly state: string }[];
  };
}

/**
 * A pod is killed with signal 9, again and again: how long until the coordinator has ejected it by what two edges tell, and,
 * in a pool that is probed and gets no requests, until it is down. Then errors that all pods make: nobody may be ejected.
 */
export async function detect({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const rounds = quick ? 5 : 20;
  const fleet = await startFleet({
    edges: 2,
    pods: PODS,
    bundleDir,
    config: (pods) => ({
      version: 1,
      pools: {
        // Back after a second or two, for the next round. What one edge makes of it is not what is measured.
        web: {
          pods,
          affinity: "none",
          policy: "random",
          health: { outlier: { consecutive5xx: 0, baseEjection: "1s", interval: "1s" } },
        },
        probed: {
          pods,
          health: {
            readiness: {
              path: "/ready",
              period: `${PROBE.period}ms`,
              timeout: `${PROBE.timeout}ms`,
              failure: PROBE.failure,
            },
          },
        },
      },
      routes: [
        { path: "/", pool: "web" },
        { path: "/probed", pool: "probed" },
      ],
    }),
  });
  const traffic = new Traffic(fleet);
  try {
    await sleep(3000);
    const passive: number[] = [];
    const active: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const pod = fleet.pods[round % PODS]!;
      const killed = Date.now();
      await pod.kill();
      passive.push(await seen(fleet, "web", pod, "ejection ejected", killed));
      active.push(await seen(fleet, "probed", pod, "readiness down", killed));
      await pod.revive();
      await seen(fleet, "web", pod, "ejection returned", killed);
      await seen(fleet, "probed", pod, "readiness ready", killed);
      // The failures of one round must not count in the next.
      await sleep(2000);
    }
    say(`ejected after ${passive.map((ms) => (ms / 1000).toFixed(1)).join(" ")} s`);
    say(`down after ${active.map((ms) => (ms / 1000).toFixed(1)).join(" ")} s`);
    const begun = Date.now();
    traffic.errors = ERRORS;
    await sleep(quick ? 10_000 : 60_000);
    const { asked, wrong } = await traffic.stop();
    const flips = await Promise.all(fleet.pods.map((pod) => since(fleet, "web", pod, begun)));
    // A probe that begins just after the kill's predecessor, each ± 5 %, and the answer of the last.
    const bar = (PROBE.period * 1.05 * PROBE.failure + PROBE.timeout) / 1000;
    return [
      told("rounds", rounds, "rounds"),
      told("requests", asked, "requests"),
      atMost("killed pod at 12 requests/s, two edges: ejected after, p95", percentile(passive, 0.95), 4, "s"),
      told("the same, median", percentile(passive, 0.5), "s"),
      told("the same, longest", percentile(passive, 1), "s"),
      atMost("killed pod that is probed and not asked: down after, longest", percentile(active, 1), bar, "s"),
      told("the same, median", percentile(active, 0.5), "s"),
      none("ejections at 1 % errors everywhere", flips.flat().length, "ejections"),
      told("answers that were wrong without being asked for", wrong, "requests"),
    ];
  } finally {
    await traffic.stop();
    await fleet.stop();
  }
}

/** Requests at a fixed rate to the edges in turn, whatever becomes of those before. */
class Traffic {
  /** Of requests that ask for a 500. */
  errors = 0;
  readonly #fleet: Fleet;
  readonly #open = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;
  #asked = 0;
  #wrong = 0;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#timer = setInterval(() => this.#ask(), 1000 / (RATE * PODS));
  }

  async stop(): Promise<{ asked: number; wrong: number }> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return { asked: this.#asked, wrong: this.#wrong };
  }

  #ask(): void {
    const { edges } = this.#fleet;
    const edge = edges[this.#asked++ % edges.length]!;
    const wanted = this.errors > 0 && this.#asked % Math.round(1 / this.errors) === 0 ? 500 : 200;
    const path = wanted === 200 ? "/" : "/status?code=500";
    const asking = call(edge.url + path, { timeout: 10_000 }).then(
      ({ status }) => {
        if (status !== wanted) this.#wrong++;
      },
      () => {
        this.#wrong++;
      },
    );
    this.#open.add(asking);
    void asking.finally(() => this.#open.delete(asking));
  }
}

async function flipsOf(fleet: Fleet, pool: string, pod: FleetPod) {
  const { pod: status } = await fleet.internal<{ pod: PodHealth }>(`/pod?pool=${pool}&pod=${pod.id}`);
  return status.health.history.map(({ at, check, state }) => ({ at, what: `${check} ${state}` }));
}

/** The coordinator's own time of a flip, which is that of this machine. Milliseconds since the pod was killed. */
async function seen(
  fleet: Fleet,
  pool: string,
  pod: FleetPod,
  what: string,
  killed: number,
): Promise<number> {
  const found = await eventually(
    async () => (await flipsOf(fleet, pool, pod)).find((flip) => flip.what === what && flip.at >= killed),
    (flip) => flip !== undefined,
    { within: LONGEST },
  );
  return found === undefined ? LONGEST : found.at - killed;
}

async function since(fleet: Fleet, pool: string, pod: FleetPod, begun: number) {
  return (await flipsOf(fleet, pool, pod)).filter(({ at, what }) => at >= begun && what.endsWith("ejected"));
}

/** Seconds, to a tenth. */
function percentile(all: readonly number[], part: number): number {
  const sorted = [...all].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]! / 10) / 100;
}
