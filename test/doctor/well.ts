import type { Checkup, IsolateCheckup, PodCheckup, PoolCheckup } from "../../src/doctor/checkup.ts";

export const NOW = 1_800_000_000_000;

export function pod(id: string, change: Partial<PodCheckup> = {}): PodCheckup {
  return {
    tag: id.padEnd(12, "0"),
    id,
    state: "ready",
    lasting: 3_600_000,
    weight: 1,
    configWeight: 1,
    inFlight: 1.5,
    sessions: 40,
    answered: 200,
    unreachable: 0,
    flips: 0,
    ...change,
  };
}

export function pool(change: Partial<PoolCheckup> = {}): PoolCheckup {
  return {
    name: "web",
    policy: { name: "consistent-hash", options: {} },
    byAddress: false,
    idle: 1800,
    readiness: "/ready",
    timeout: 15_000,
    pods: [pod("a"), pod("b"), pod("c")],
    aborts: [],
    requests: [
      { outcome: "kept", code: 200, count: 560 },
      { outcome: "bound", code: 200, count: 40 },
    ],
    events: {},
    timed: { count: 600, sum: 60_000 },
    breaks: [],
    gaps: [{ over: false, seconds: 1024, count: 50 }],
    arrivals: { all: 0, withCookies: 0 },
    agents: { sid: "", count: 0 },
    samples: { taken: 60, sid: "5".repeat(32), hits: 2 },
    swaps: { all: 0, adopted: 0 },
    tokens: { all: 40, unknown: 1 },
    m: 0.1,
    ...change,
  };
}

export function isolate(change: Partial<IsolateCheckup> = {}): IsolateCheckup {
  return {
    isolate: "0a1b2c3d",
    revision: 7,
    behind: 0,
    ahead: 3,
    at: NOW - 500,
    keys: ["a1"],
    broken: false,
    ...change,
  };
}

/** A deployment that is well, and busy: 10 requests a second of 120 sessions on three pods. */
export function well(change: Partial<Checkup> = {}): Checkup {
  return {
    at: NOW,
    revision: 7,
    enforced: NOW - 3_600_000,
    watched: 3_600_000,
    period: 1000,
    isolates: [isolate(), isolate({ isolate: "4e5f6a7b" })],
    pools: [pool()],
    requests: 600,
    unrouted: 0,
    store: { calls: 100, failed: 0, waited: 20, late: 0, answers: true },
    sealed: { a1: 5000 },
    ...change,
  };
}
