import { setTimeout as sleep } from "node:timers/promises";
import { fractions } from "../../chaos/chance.ts";
import { Jar } from "../client.ts";
import { startFleet } from "../fleet.ts";
import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import type { Run } from "../scenario.ts";
import { eventually } from "../wait.ts";

const PODS = 4;
/** Between two requests of a client. Milliseconds, at most; half of it at least. */
const THINKS = 800;
/** Of all idempotent requests. */
const ERRORS = 0.001;

/** What the clients saw. */
interface Seen {
  gets: number;
  posts: number;
  getErrors: number;
  postErrors: number;
  /** Of these: sent before their edge had met the dead pod. */
  caught: number;
}

/** A request that met the dead pod: when it left, and when it was answered. */
interface Met {
  readonly edge: number;
  readonly failed: boolean;
  readonly from: number;
  readonly to: number;
}

/**
 * One of four pods is killed with SIGKILL under many clients that read and write. A read notices nothing; of the writes
 * only those may fail that were on their way to it, and none may come to a pod twice.
 */
export async function kill({ quick, bundleDir, seed, say }: Run): Promise<Gate[]> {
  const clients = quick ? 120 : 500;
  const chance = fractions(seed);
  const [before, after] = quick ? [1500, 4000] : [4000, 12_000];
  const fleet = await startFleet({ edges: 2, pods: PODS, redis: true, bundleDir });
  try {
    for (const pod of fleet.pods) await pod.behave({ delay: 20 });
    // An edge that starts cold on a busy machine may have no config yet: that is not what is tried.
    for (const { url } of fleet.edges) {
      await eventually(
        () => new Jar().get(url),
        ({ status }) => status === 200,
      );
    }
    const seen: Seen = { gets: 0, posts: 0, getErrors: 0, postErrors: 0, caught: 0 };
    const met: Met[] = [];
    let dead = "";
    const errors: string[] = [];
    const end = performance.now() + 2000 + before + after;
    const client = async (i: number) => {
      const jar = new Jar();
      const edge = i % fleet.edges.length;
      const { url } = fleet.edges[edge]!;
      // Not all at once: that they come is not what is tried.
      await sleep((2000 * i) / clients);
      let pod = "";
      for (let n = 0; performance.now() < end; n++) {
        const id = `${i}-${n}`;
        const method = n % 4 === 3 ? "POST" : "GET";
        seen[method === "GET" ? "gets" : "posts"]++;
        const from = performance.now();
        const headers = { "x-request-id": id };
        const answer = await jar.get(`${url}/`, { method, headers, timeout: 30_000 }).catch(() => undefined);
        const failed = answer?.status !== 200;
        if (dead !== "" && pod === dead && (failed || answer.body.trim() !== dead)) {
          met.push({ edge, failed: failed && method === "POST", from, to: performance.now() });
        }
        if (answer?.status === 200) pod = answer.body.trim();
        else {
          seen[method === "GET" ? "getErrors" : "postErrors"]++;
          errors.push(`${method} ${id}, whose session was on ${pod}: ${answer?.status ?? "no answer"}`);
        }
        await sleep(THINKS * (0.5 + 0.5 * chance()));
      }
    };
    const running = Array.from({ length: clients }, (_, i) => client(i));
    await sleep(2000 + before);
    const [victim] = fleet.pods;
    dead = victim!.id;
    await victim!.kill();
    say(`${dead} is killed`);
    await Promise.all(running);
    // An edge knows by the first request that finds no connection: what left before that is told of it had no better.
    for (let edge = 0; edge < fleet.edges.length; edge++) {
      const there = met.filter((one) => one.edge === edge);
      const known = Math.min(...there.map(({ to }) => to));
      seen.caught += there.filter(({ failed, from }) => failed && from <= known).length;
    }
    for (const line of errors.slice(0, 10)) say(line);
    const arrived = new Map<string, number>();
    for (const pod of fleet.pods) {
      for (const { id } of pod.arrivals({ method: "POST" })) arrived.set(id, (arrived.get(id) ?? 0) + 1);
    }
    const { breaks, causes } = await fleet.breaks();
    const moved = causes.reduce((sum, { count }) => sum + count, 0);
    return [
      told("connections", clients, "clients"),
      told("requests", seen.gets + seen.posts, "requests"),
      atLeast("sessions that moved", moved, clients / PODS / 2, "sessions"),
      none(
        "of them for another cause than a pod that is gone",
        breaks.filter(({ cause }) => cause !== "pod-gone").length,
        "sessions",
      ),
      told("GETs that failed", seen.getErrors, "requests"),
      atMost("GETs that failed, of all", seen.getErrors / seen.gets, ERRORS, "of all"),
      told("POSTs that failed", seen.postErrors, "requests"),
      atMost(
        "POSTs that failed beyond those on their way before their edge knew",
        Math.max(0, seen.postErrors - seen.caught),
        0,
        "requests",
      ),
      none("POSTs that came twice", [...arrived.values()].filter((times) => times > 1).length, "requests"),
    ];
  } finally {
    await fleet.stop();
  }
}
