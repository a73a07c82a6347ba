import { setTimeout as sleep } from "node:timers/promises";
import { Jar } from "../fleet/client.ts";
import { type Fleet, startFleet } from "../fleet/fleet.ts";
import { findRedisServer } from "../gateway/redis.ts";
import { configOf, hostOf, type KindName } from "./kinds.ts";
import { type Answer, type Ask, play, type Stage } from "./play.ts";
import type { Restart, Script } from "./script.ts";
import { emptyTally, type Tally } from "./tally.ts";

/** A user who hears nothing for so long goes on. Milliseconds. */
const PATIENCE = 5000;
/** Until the coordinator has heard of all that edges counted. Milliseconds. */
const HEARD = 2500;
/** A call to the store that takes longer may be too late for its request, which waits for 150 ms. Seconds. */
const LATE = "0.1";

/** What came of a script over HTTP. */
export interface HttpSeen {
  readonly tallies: Readonly<Record<string, Tally>>;
  /** The part of the edges' calls to the store that took over 100 ms. */
  readonly late: number;
}

export interface HttpRun {
  readonly script: Script;
  readonly kinds: readonly KindName[];
  /** What bundle() wrote. */
  readonly bundleDir: string;
  /** Period of the probes, as the config has it. */
  readonly probe: string;
}

/**
 * Plays a script in real time, over HTTP: edges and coordinator in workerd, pods as processes that are killed and started
 * again, and a real Redis where there is one.
 */
export async function runOverHttp({ script, kinds, bundleDir, probe }: HttpRun): Promise<HttpSeen> {
  const { edges, pods, keepAlive } = script.model;
  const fleet = await startFleet({
    edges,
    pods,
    redis: findRedisServer() !== undefined,
    config: (listed) => configOf(kinds, listed, probe),
    bundleDir,
  });
  try {
    const tallies = Object.fromEntries(kinds.map((kind) => [kind, emptyTally(pods)]));
    const start = performance.now();
    const until = async (at: number) => {
      const left = start + at - performance.now();
      if (left > 0) await sleep(left);
    };
    const restarting = restart(fleet, script.restarts, until);
    const playing = kinds.flatMap((kind) =>
      script.users.map((user) => {
        const stage = stageOf(fleet, new Jar(), until);
        return play(user, kind, stage, tallies[kind]!, keepAlive * 1000);
      }),
    );
    await Promise.all([restarting, ...playing]);
    await sleep(HEARD);
    return { tallies, late: lateOf((await fleet.admin.get("/metrics")).body) };
  } finally {
    await fleet.stop();
  }
}

function stageOf(fleet: Fleet, jar: Jar, until: (at: number) => Promise<void>): Stage {
  return {
    until,
    ask: (ask) => send(fleet, jar, ask),
    lives: (pod, life) => String(fleet.pods[pod]!.pid) === life,
  };
}

async function send(fleet: Fleet, jar: Jar, ask: Ask): Promise<Answer | undefined> {
  const { kind, user, edge, method, number, address } = ask;
  const headers = {
    ...ask.headers,
    host: hostOf(kind),
    // As a proxy in front of the edge tells it, as all clients here come from one machine.
    "x-forwarded-for": address,
    "x-client": `${kind} ${user}`,
  };
  const options = { method, headers, timeout: PATIENCE };
  const url = `${fleet.edges[edge]!.url}/visit?n=${number}`;
  const answer = await jar.get(url, options).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const { pod, boot, last } = JSON.parse(answer.body) as { pod: string; boot: string; last: number | null };
  return { pod: fleet.pods.findIndex(({ id }) => id === pod), life: boot, last: last ?? undefined };
}

/** One after another for each pod: it may take longer to come back than the script has it. */
async function restart(
  fleet: Fleet,
  restarts: readonly Restart[],
  until: (at: number) => Promise<void>,
): Promise<void> {
  await Promise.all(
    fleet.pods.map(async (pod, index) => {
      for (const { at, back } of restarts.filter((one) => one.pod === index)) {
        await until(at);
        await pod.kill();
        await until(back);
        await pod.revive();
      }
    }),
  );
}

/** By the histogram of the exposition. Throws where it has none: every kind but one asks the store. */
function lateOf(metrics: string): number {
  const read = (name: string) => {
    const line = metrics.split("\n").find((one) => one.startsWith(`mooring_store_duration_seconds_${name} `));
    if (line === undefined) throw new Error(`the metrics have no ${name} of the store's durations`);
    return Number(line.split(" ").at(-1));
  };
  return 1 - read(`bucket{le="${LATE}"}`) / read("count");
}
