import { fractions } from "../chaos/chance.ts";
import { startTcpProxy, type TcpProxy } from "../chaos/tcp/proxy.ts";
import { Journal } from "../fleet/breaks/journal.ts";
import { type Fleet, type ListedPod, startFleet } from "../fleet/fleet.ts";
import { eventually } from "../fleet/wait.ts";
import type { Ground } from "./faults.ts";
import { LoadProcess } from "./load-process.ts";
import type { Tick } from "./messages.ts";
import type { Plan } from "./plan.ts";

export interface StandOptions {
  readonly plan: Plan;
  readonly seed: number;
  readonly bundleDir: string;
  /** Told of each second of each process of users. */
  ticked(load: number, tick: Tick): void;
}

/** A fleet with processes of users before it, and what a run may strike it with. */
export interface Stand extends Ground {
  readonly loads: readonly LoadProcess[];
  stop(): Promise<void>;
}

/** As it is deployed by default, but for probes that find a dead pod within two seconds. */
const config = (pods: readonly ListedPod[]) => ({
  version: 1,
  pools: {
    web: { pods, health: { readiness: { path: "/ready", period: "1s", failure: 2, initialDelay: "0s" } } },
  },
  routes: [{ pool: "web" }],
});

/** Resolves once every part is there and every pod is ready; rejects, with nothing left running, when one is not. */
export async function openStand({ plan, seed, bundleDir, ticked }: StandOptions): Promise<Stand> {
  const wires = new Map<string, TcpProxy>();
  const fleet = await startFleet({
    edges: plan.edges,
    pods: plan.pods,
    redis: true,
    bundleDir,
    config,
    // Pods are asked straight: a proxy before them would be measured with them.
    between: async (leg, url, from) => {
      if (leg === "pod") return undefined;
      const wire = await startTcpProxy(url, { seed });
      wires.set(`${from} ${leg}`, wire);
      return wire;
    },
  });
  const loads: LoadProcess[] = [];
  const stop = async () => {
    for (const load of loads) await load.stop();
    await fleet.stop();
  };
  try {
    await ready(fleet);
    for (let i = 0; i < plan.loads; i++) {
      const setting = {
        edges: fleet.edges.map(({ url }) => url),
        seed: seed + 1 + i,
        name: `${"ab"[i] ?? i}`,
      };
      loads.push(await LoadProcess.start(setting, (tick) => ticked(i, tick)));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { fleet, wires, loads, journal: new Journal(), draw: fractions(seed), stop };
}

async function ready({ admin }: Fleet): Promise<void> {
  const { json } = await eventually(
    () => admin.get<{ pods: { state: string }[] }>("/v1/pools/web/pods"),
    (found) => found.json.pods.every(({ state }) => state === "ready"),
  );
  if (!json.pods.every(({ state }) => state === "ready")) throw new Error("not every pod became ready");
}
