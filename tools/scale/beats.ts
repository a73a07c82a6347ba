import { beatPeriod } from "../../src/metrics/load.ts";
import type { Beat, PodUse } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import { compileDocument } from "../sim/document.ts";
import { SimFleet } from "../sim/fleet.ts";
import { Loop } from "../sim/loop.ts";

/** Heartbeats at rest, self-hosted. Milliseconds. */
const PERIOD = 1000;
const START = 1_900_000_000_000;
/** Heartbeats that are timed. */
const TIMED = 200;

/** What heartbeats cost the coordinator, over so many pods that all serve. */
export interface Beats {
  readonly pods: number;
  readonly isolates: number;
  /** Heartbeats that come in a second. */
  readonly rate: number;
  /** Bytes of one, and of its answer, as JSON. */
  readonly up: number;
  readonly down: number;
  /** What the coordinator works on one: adding up, ejection, JSON in and out. Milliseconds of a core of this machine. */
  readonly work: number;
}

/** How many heartbeats come in a second from so many isolates, each of which serves requests all the time. */
export function beatRate(isolates: number): number {
  return (1000 * isolates) / beatPeriod(PERIOD, isolates);
}

/**
 * Has isolates tell the coordinator's real sums of requests at all pods, and looks at what goes back and forth.
 *
 * @param requests that all isolates serve in a second
 */
export async function beats(pods: number, isolates: number, requests: number): Promise<Beats> {
  const loop = new Loop(START);
  const document = {
    version: 1,
    pools: { web: { pods: Array.from({ length: pods }, (_, i) => ({ id: `web-${i}`, url: urlOf(i) })) } },
    routes: [{ pool: "web" }],
  };
  const snapshot = await compileDocument(JSON.stringify(document), 1);
  const tags = snapshot.pools[0]!.pods.map(({ tag }) => tagToHex(tag));
  const fleet = new SimFleet(loop, () => undefined);
  fleet.follow(snapshot);
  const each = (requests * beatPeriod(PERIOD, isolates)) / 1000 / isolates;
  const sizes = { up: 0, down: 0 };
  const texts: string[] = [];
  // As many as it takes until each pod was told of; then as many as it takes to time them.
  const rounds = Math.max(100, Math.ceil((2 * pods) / Math.max(1, each)));
  for (let round = 0; round < rounds + TIMED; round++) {
    texts.push(JSON.stringify(beatOf(round % isolates, round, tags, each)));
  }
  const hear = (text: string) => {
    loop.now += 1000 / beatRate(isolates);
    const answer = JSON.stringify(fleet.hear(JSON.parse(text) as Beat, PERIOD));
    sizes.up = text.length;
    sizes.down = answer.length;
  };
  for (const text of texts.slice(0, rounds)) hear(text);
  // Of this process, not of the clock: others may want the machine, too.
  const before = process.cpuUsage();
  for (const text of texts.slice(rounds)) hear(text);
  const { user, system } = process.cpuUsage(before);
  const work = (user + system) / 1000 / TIMED;
  return { pods, isolates, rate: beatRate(isolates), ...sizes, work };
}

function urlOf(pod: number): string {
  return `http://10.${pod >> 16}.${(pod >> 8) & 255}.${pod & 255}:8080`;
}

/** One isolate's: requests at as many pods one after another, so that none is left out. */
function beatOf(isolate: number, batch: number, tags: readonly string[], requests: number): Beat {
  const load: Record<string, PodUse> = {};
  const count = Math.max(1, Math.min(tags.length, Math.round(requests)));
  for (let i = 0; i < count; i++) {
    load[tags[(batch * count + i) % tags.length]!] = { area: 0.0523, done: Math.ceil(requests / count) };
  }
  const counts = [{ pool: "web", outcome: "kept", code: 200, count: Math.round(requests) }] as const;
  const told = { counts, breaks: [], failed: [], served: {}, load };
  return { isolate: `isolate-${isolate}`, batch, incarnation: START, revision: 1, feed: 0, ...told };
}
