import { isDeepStrictEqual } from "node:util";
import { atLeast, atMost, type Gate, none, told } from "../fleet/gate.ts";
import type { Agreement } from "./agreement.ts";
import { expectedFewer, type Seen, taskOf } from "./experiment.ts";
import { type KindName, NAMES } from "./kinds.ts";
import { BASE, type Model } from "./model.ts";
import { PUBLISHED } from "./published.ts";
import { interruptions } from "./tally.ts";
import { runAll } from "./threads.ts";

/** What the main figures say, and whether they can be as they are. */
export function figuresOf(seen: Seen): Gate[] {
  const [free, ip, cookie] = [seen.kinds.none!, seen.kinds["client-ip"]!, seen.kinds.cookie!];
  const percent = (name: string, value: number) => told(name, value * 100, "%");
  return [
    ...NAMES.flatMap((kind) => {
      const { total, rate, failure } = seen.kinds[kind]!;
      return [
        told(`${kind}: requests`, total.requests, "requests"),
        told(`${kind}: interruptions in 100 h of use`, rate.mean, "sessions"),
        percent(`${kind}: transfers that failed`, failure.mean),
      ];
    }),
    told("cookie: interruptions of sessions whose pod did not live", cookie.total.lost, "sessions"),
    none("cookie: interruptions of sessions whose pod lived", cookie.total.astray, "sessions"),
    atLeast(
      "interruptions without stickiness, beyond those by the client's address",
      interruptions(free.total) - interruptions(ip.total),
      0,
      "sessions",
    ),
    atLeast(
      "interruptions by the client's address, beyond those by cookies",
      interruptions(ip.total) - interruptions(cookie.total),
      0,
      "sessions",
    ),
    percent("interruptions that cookies save of those by the client's address", seen.fewer!.mean),
    percent("the same by the formula", expectedFewer(seen.model)),
    percent("the same as published", PUBLISHED.fewer),
    percent("transfers that fail without stickiness", free.failure.mean),
    percent("the same as published", PUBLISHED.failed),
  ];
}

/** A run must come out as it did, in another thread and after other runs. */
export async function repeats(users: number, seed: number): Promise<Gate> {
  const model: Model = { ...BASE, users };
  const [once, , again] = await runAll([
    taskOf(model, NAMES, seed),
    taskOf(model, NAMES, seed + 1),
    taskOf(model, NAMES, seed),
  ]);
  return none(
    "kinds whose figures are others when a seed is run again",
    NAMES.filter((kind) => !isDeepStrictEqual(once![kind], again![kind])).length,
    "kinds",
  );
}

/** A store that is late more often than this is another world than the one in virtual time. Part of its calls. */
const MOSTLY_IN_TIME = 0.005;

/**
 * The real run against those in virtual time. Whoever is found by a key needs the store: on a machine so busy that it is
 * late, edges go by what each of them sees, and these kinds are told, not judged.
 */
export function agrees({ compared, astray, late }: Agreement): Gate[] {
  const judges = (kind: KindName) => late <= MOSTLY_IN_TIME || kind === "cookie" || kind === "none";
  return [
    none("over HTTP, cookie: interruptions of sessions whose pod lived", astray, "sessions"),
    told("over HTTP: calls to the store that took over 100 ms", late * 100, "%"),
    ...compared.flatMap(({ kind, figure, virtual, real, bar }) => {
      const name = `the same, apart from virtual time (${virtual.toFixed(1)})`;
      const apart = Math.abs(real - virtual);
      return [
        told(`over HTTP, ${kind}: ${figure}`, real, ""),
        judges(kind) ? atMost(name, apart, bar, "") : told(name, apart, ""),
      ];
    }),
  ];
}
