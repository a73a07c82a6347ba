import { type Dice, dice } from "./dice.ts";
import type { Change, Plan, PlanEvent, PoolPlan } from "./plan.ts";

const POLICIES = ["consistent-hash", "least-request", "round-robin", "random"] as const;

/** How much more often sessions go by cookie than by each of the keys. */
const COOKIES = ["cookie", "cookie", "cookie", "cookie", "cookie", "cookie", "cookie"] as const;

/** All but what {@link weighings} draws. */
type Rolled = Exclude<PlanEvent["kind"], "weigh">;

/** What tends to happen, by weight. Requests are half of it: nothing is seen without them. */
const KINDS: readonly (readonly [Rolled, number])[] = [
  ["request", 50],
  ["pod", 12],
  ["config", 6],
  ["operator", 5],
  ["canary", 2],
  ["move", 3],
  ["revoke", 2],
  ["rotate", 1],
  ["store", 6],
  ["failover", 2],
  ["cut", 7],
  ["edge", 3],
  ["coordinator", 2],
];
const TOTAL = KINDS.reduce((sum, [, weight]) => sum + weight, 0);

/** The schedule of a seed. */
export function generate(seed: number): Plan {
  const chance = dice(seed, "plan");
  const edges = chance.one([1, 2, 2, 3, 3, 4]);
  const reach = chance.odds(0.85) ? 60_000 : 300_000;
  // Few schedules have no skew at all; in most any two clocks agree within a minute.
  const skews = Array.from({ length: edges }, () =>
    chance.odds(0.3) ? 0 : Math.round(chance.between(-reach, reach) / (chance.odds(0.7) ? 2 : 1)),
  );
  const canary = chance.odds(0.35) ? chance.one([0, 5, 50, 90]) : undefined;
  // Of their own, so that a seed means what it meant.
  const more = dice(seed, "retries");
  const pools = [poolPlan(chance, more, "web")];
  if (canary !== undefined) pools.push({ ...poolPlan(chance, more, "canary"), failover: pools[0]!.failover });
  // Drawn apart, so that all else of a seed is as it was before there were any.
  const apart = dice(seed, "startup");
  for (const [i, pool] of pools.entries()) {
    const startup = { period: apart.one([500, 2000]), failure: apart.one([2, 5]) };
    if (apart.odds(0.2)) pools[i] = { ...pool, startup };
  }
  const idle = chance.one([60, 60, 120, 300, 1800]);
  const calm = chance.odds(0.4);
  const quality = {
    delay: chance.odds(0.8) ? ([0.2, 8] as const) : ([5, 60] as const),
    loss: calm ? 0 : chance.one([0, 0.01, 0.05]),
    twice: calm ? 0 : chance.one([0, 0.02]),
  };
  const shape = { seed, skews, clients: 1 + chance.below(5), pools, canary };
  const life = { idle, absolute: Math.max(idle, chance.one([120, 300, 43_200])) };
  const rest = {
    affinity: chance.one([...COOKIES, "header", "client-ip", "learn"] as const),
    store: chance.one(["redis", "durable"] as const),
    cloudflare: chance.odds(0.4),
    bundled: chance.odds(0.5),
    quality,
  };
  const { events: rolled, length } = eventsOf(chance, shape);
  const events = [...rolled, ...weighings(dice(seed, "weights"), shape, length)].sort((a, b) => a.at - b.at);
  return { ...shape, ...life, ...rest, events, length };
}

function poolPlan(chance: Dice, more: Dice, name: string): PoolPlan {
  const probe = {
    period: chance.one([500, 1000, 5000]),
    failure: chance.one([1, 2, 3]),
    gates: chance.odds(0.8) ? ("new" as const) : ("all" as const),
  };
  return {
    name,
    weights: Array.from({ length: chance.one([2, 3, 3, 4, 6]) }, () => chance.one([1, 1, 1, 3])),
    policy: chance.one(POLICIES),
    failover: chance.one(["sticky", "sticky", "sticky", "temporary", "none"]),
    strict: chance.odds(0.1),
    attempts: chance.one([2, 2, 2, 1]) + (more.odds(0.2) ? more.one([1, 3]) : 0),
    onTimeout: more.odds(0.25),
    maxInFlight: more.odds(0.2) ? more.one([1, 2]) : undefined,
    panic: chance.one([0.5, 0.5, 0]),
    probe: chance.odds(0.8) ? probe : undefined,
  };
}

type Shape = Pick<Plan, "skews" | "clients" | "pools" | "canary">;

/** 10 to 60 events; one in three follows the one before so closely that they race. */
function eventsOf(chance: Dice, shape: Shape): { events: PlanEvent[]; length: number } {
  const count = 10 + chance.below(51);
  const pace = chance.one([500, 2000, 2000, 8000]);
  const events: PlanEvent[] = [];
  // Every client has a session before anything goes wrong, in most schedules.
  let at = 2000;
  if (chance.odds(0.8)) {
    for (let client = 0; client < shape.clients; client++) {
      events.push({ at, ...request(chance, shape), client, method: "GET", cookie: "newest", shared: false });
      at += chance.between(0, 200);
    }
  }
  while (events.length < count) {
    if (chance.odds(0.04)) {
      for (const { after, ...rest } of storm(chance, shape)) {
        events.push({ at: Math.round((at + after) * 10) / 10, ...rest } as PlanEvent);
      }
      at += 1000;
    }
    at += chance.odds(0.35) ? chance.between(0, 120) : chance.between(0, 2 * pace);
    events.push({ at: Math.round(at * 10) / 10, ...event(chance, shape) } as PlanEvent);
  }
  return { events: events.sort((a, b) => a.at - b.at), length: Math.round(at + 2000) };
}

/** Weights that an operator gives to pods, in half of the schedules; drawn apart, so that all else of a seed is as it was. */
function weighings(chance: Dice, { pools }: Shape, length: number): PlanEvent[] {
  const count = chance.odds(0.5) ? 0 : 1 + chance.below(4);
  return Array.from({ length: count }, () => {
    const { name, weights } = chance.one(pools);
    const pod = chance.below(weights.length + 1);
    const weight = chance.one([0, 0, 2, 10, null]);
    return { at: Math.round(chance.between(2000, length - 2000)), kind: "weigh", pool: name, pod, weight };
  });
}

/** An event so long after the first of its kind. Milliseconds. */
type Burst = { readonly after: number; readonly kind: PlanEvent["kind"]; readonly [part: string]: unknown };

/**
 * What is too rare to come about by itself: the store is down, one edge alone has reason to suspect a pod, another pod
 * dies, and its sessions come to all edges at once. They must all choose alike, by nothing but what they share.
 */
function storm(chance: Dice, shape: Shape): Burst[] {
  const { skews, clients, pools } = shape;
  const edge = chance.below(skews.length);
  const [{ name, weights }] = pools as [PoolPlan];
  const dead = chance.below(weights.length);
  const suspect = (dead + 1 + chance.below(weights.length - 1)) % weights.length;
  // It is refused until just before: a suspicion lasts for 250 ms.
  const calm = { ...request(chance, shape), method: "GET", body: false, shared: false } as const;
  const ask = { ...calm, edge, around: false, count: 16, spread: 380, cookie: "none" } as const;
  const all = { ...calm, around: true, count: 8, spread: 100, cookie: "newest" } as const;
  return [
    { after: 0, kind: "store", mode: "down", lasts: 10_000 },
    { after: 5, kind: "cut", a: `edge-${edge}`, b: `${name}-${suspect}`, how: "refuse", lasts: 390 },
    { after: 10, ...ask },
    { after: 400, kind: "pod", pool: name, pod: dead, mode: "dead" },
    ...Array.from({ length: clients }, (_, client) => ({ after: 410 + 5 * client, ...all, client })),
  ];
}

function event(chance: Dice, shape: Shape): object {
  const { skews, clients, pools } = shape;
  let draw = chance.below(TOTAL);
  let kind: Rolled = "request";
  for (const [name, weight] of KINDS) {
    kind = name;
    draw -= weight;
    if (draw < 0) break;
  }
  const pool = chance.one(pools);
  const named = { pool: pool.name, pod: chance.below(pool.weights.length + 1) };
  const edge = chance.below(skews.length);
  const lasts = chance.one([300, 2000, 10_000, 25_000]);
  switch (kind) {
    case "request":
      return request(chance, shape);
    case "pod":
      return {
        kind,
        ...named,
        mode: chance.one([
          "dead",
          "dead",
          "dead",
          "up",
          "up",
          "up",
          "reset",
          "cut",
          "hang",
          "error",
          "unready",
          "dies",
        ]),
      };
    case "config":
      return { kind, edge, change: change(chance, named, shape), twice: chance.odds(0.2) };
    case "operator":
      return { kind, ...named, state: chance.one(["ready", "draining", "disabled"]), deadline: lasts };
    case "canary":
      return {
        kind,
        pool: pool.name,
        state: chance.one(["ready", "paused", "rolled-back", "retiring"]),
        deadline: lasts,
      };
    case "move":
      return { kind, client: chance.below(clients), pod: named.pod };
    case "revoke":
      return { kind, client: chance.below(clients) };
    case "rotate":
      return { kind, retire: chance.odds(0.3) };
    case "store":
      return { kind, mode: chance.one(["down", "silent", "slow", "lying"]), lasts };
    case "failover":
      return { kind, lag: chance.one([200, 2000, 10_000]) };
    case "cut":
      return { kind, ...ends(chance, shape), how: chance.one(["refuse", "drop"]), lasts };
    case "edge":
      return { kind, edge, lasts: chance.one([0, 300, 5000]) };
    case "coordinator":
      return { kind, lasts, disk: chance.odds(0.8) ? "kept" : "lost" };
  }
}

function request(chance: Dice, { skews, clients }: Shape) {
  return {
    kind: "request",
    client: chance.below(clients),
    edge: chance.below(skews.length),
    around: chance.odds(0.5),
    count: chance.one([1, 1, 2, 4, 8]),
    spread: chance.one([0, 5, 300]),
    method: chance.one(["GET", "GET", "GET", "GET", "POST", "POST", "PREFLIGHT"]),
    body: chance.odds(0.1),
    cookie: chance.one([
      "newest",
      "newest",
      "newest",
      "newest",
      "newest",
      "newest",
      "older",
      "none",
      "forged",
      "both",
    ]),
    shared: chance.odds(0.05),
  } as const;
}

function change(chance: Dice, named: { pool: string; pod: number }, { canary }: Shape): Change {
  const what = chance.one(["add", "remove", "replace", "weight", "ramp", "policy"] as const);
  if (what === "ramp" && canary !== undefined) return { what, weight: chance.one([0, 10, 50, 100]) };
  if (what === "policy") return { what, pool: named.pool, policy: chance.one(POLICIES) };
  return { what: what === "ramp" ? "weight" : what, ...named, weight: chance.one([0, 1, 2, 10]) };
}

function ends(chance: Dice, { skews, pools }: Shape): { a: string; b: string } {
  const a = `edge-${chance.below(skews.length)}`;
  const pool = chance.one(pools);
  const pod = `${pool.name}-${chance.below(pool.weights.length)}`;
  switch (chance.below(5)) {
    case 0:
      return { a, b: "store" };
    case 1:
      return { a, b: "coordinator" };
    case 2:
      return { a: "coordinator", b: "store" };
    case 3:
      return { a: "coordinator", b: pod };
    default:
      return { a, b: pod };
  }
}
