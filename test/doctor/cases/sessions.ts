import type { PoolCheckup } from "../../../src/doctor/checkup.ts";
import { type Cases, left, pods, sampled, web } from "../case.ts";

const gaps = (over: number, within: number, seconds = 4096): Partial<PoolCheckup> => ({
  gaps: [
    { over: true, seconds, count: over },
    { over: false, seconds: 1024, count: within },
  ],
});

/** Sessions that are interrupted often, and those that go by an address. */
export const SESSIONS = {
  "idle-too-short": [
    {
      name: "a tenth of those who come back",
      at: web(gaps(5, 45)),
      below: web(gaps(5, 46)),
      severity: "error",
      evidence: { pool: "web", idleSeconds: 1800, cameBack: 50, afterMoreThanIdle: 5, share: 0.1 },
    },
    {
      name: "five of them, and not four",
      at: web(gaps(5, 0)),
      below: web(gaps(4, 0)),
      severity: "error",
      evidence: { gapP95Seconds: 4096 },
    },
    {
      name: "a pause, and not a visit of another day",
      at: web(gaps(9, 0, 8192)),
      below: web(gaps(9, 0, 65_536)),
      severity: "error",
      evidence: { afterMoreThanIdle: 9 },
    },
  ],
  "pods-rolling": [
    {
      name: "two pods, one after another",
      at: web({ breaks: [left("pod-gone", "a", 8), left("config-change", "b", 4)] }),
      below: web({ breaks: [left("pod-gone", "a", 8), left("config-change", "b", 3)] }),
      severity: "error",
      evidence: { sessionsMoved: 12, sessionsLive: 120, pods: ["a", "b"] },
    },
    {
      name: "not one pod alone, nor what an operator moved",
      at: web({ breaks: [left("drain-deadline", "a", 20), left("pod-replaced", "b", 1)] }),
      below: web({ breaks: [left("drain-deadline", "a", 20), left("moved-by-operator", "b", 30)] }),
      severity: "error",
      evidence: { causes: { "drain-deadline": 20, "pod-replaced": 1 } },
    },
  ],
  "pods-flapping": [
    {
      name: "four turns",
      at: pods({ flips: 4 }, {}),
      below: pods({ flips: 3 }, { flips: 3 }),
      severity: "warning",
      evidence: { turns: { a: 4 } },
    },
  ],
  "address-shared": [
    {
      name: "five kinds of client behind one address",
      at: web({ byAddress: true, agents: { sid: "e".repeat(32), count: 5 } }),
      below: web({ byAddress: true, agents: { sid: "e".repeat(32), count: 4 } }),
      severity: "warning",
      evidence: { session: "e".repeat(32), agentsBehindOneAddress: 5 },
    },
    {
      name: "one address with a large part",
      at: web({ byAddress: true, ...sampled(22, 60) }),
      below: web({ byAddress: true, ...sampled(21, 60) }),
      severity: "warning",
      evidence: { session: "f".repeat(32), shareOfOneAddress: 0.37 },
    },
    {
      name: "not where something else finds the session",
      at: web({ byAddress: true, agents: { sid: "", count: 9 } }),
      below: web({ byAddress: false, agents: { sid: "", count: 9 } }),
      severity: "warning",
      evidence: {},
    },
  ],
  "address-changing": [
    {
      name: "half of those who begin have been here",
      at: web({ byAddress: true, arrivals: { all: 20, withCookies: 10 } }),
      below: web({ byAddress: true, arrivals: { all: 21, withCookies: 10 } }),
      severity: "warning",
      evidence: { sessionsBegun: 20, byClientsWithCookies: 10, share: 0.5 },
    },
    {
      name: "ten of them",
      at: web({ byAddress: true, arrivals: { all: 10, withCookies: 10 } }),
      below: web({ byAddress: true, arrivals: { all: 9, withCookies: 9 } }),
      severity: "warning",
      evidence: { sessionsBegun: 10 },
    },
  ],
} satisfies Cases;
