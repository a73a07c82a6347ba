import type { PoolCheckup } from "../../../src/doctor/checkup.ts";
import { type Cases, pods, web } from "../case.ts";
import { pod, well } from "../well.ts";

const refused = (code: number, count: number, others: number): Partial<PoolCheckup> => ({
  requests: [
    { outcome: "refused", code, count },
    { outcome: "kept", code: 200, count: others },
  ],
});

/** Requests that pods do not answer, and pods that cannot. */
export const REQUESTS = {
  "pods-not-ready": [
    {
      name: "one of three, for ten seconds",
      at: pods({ state: "unready", lasting: 10_000 }, {}, {}),
      below: pods({ state: "unready", lasting: 9999 }, {}, {}),
      severity: "warning",
      evidence: { notReady: 1, expected: 3, pods: { a: "unready" } },
    },
    {
      name: "all at once",
      at: pods({ state: "down", lasting: 0 }, { state: "ejected", lasting: 0 }),
      below: pods({ state: "down", lasting: 0 }, {}),
      severity: "error",
      evidence: { share: 1 },
    },
    {
      name: "half of those that nobody took out",
      at: pods({ state: "starting" }, { state: "draining" }, {}),
      below: pods({ state: "disabled" }, { state: "draining" }, {}),
      severity: "error",
      evidence: { expected: 2 },
    },
  ],
  "pods-empty": [
    {
      name: "requests, and no pods",
      at: web({ ...refused(503, 1, 0), pods: [] }),
      below: web({ requests: [], pods: [] }),
      severity: "error",
      evidence: { requests: 1, pods: 0 },
    },
    {
      name: "pods, and none with any weight",
      at: web({ ...refused(503, 4, 0), pods: [pod("a", { weight: 0 })] }),
      below: web({ ...refused(503, 4, 0), pods: [pod("a", { weight: 0 }), pod("b", { weight: 1 })] }),
      severity: "error",
      evidence: { pods: 1 },
    },
  ],
  "connect-failures": [
    {
      name: "one of a hundred requests",
      at: web(refused(502, 3, 297)),
      below: web(refused(502, 3, 298)),
      severity: "error",
      evidence: { requests: 300, refused502: 3 },
    },
    {
      name: "not what the config asks for",
      at: web({ ...refused(502, 30, 70), aborts: [503] }),
      below: web({ ...refused(502, 30, 70), aborts: [502] }),
      severity: "error",
      evidence: { refused502: 30 },
    },
    {
      name: "503 where a heartbeat told why",
      at: web({ ...refused(503, 3, 297), pods: [pod("a", { unreachable: 1 }), pod("b")] }),
      below: web({ ...refused(503, 3, 297), pods: [pod("a"), pod("b")] }),
      severity: "error",
      evidence: { refused502: 0, refused503: 3, heartbeatsThatTold: { a: 1 } },
    },
    {
      name: "a pod that heartbeats tell of, though its requests went elsewhere",
      at: pods({ unreachable: 3 }, {}),
      below: pods({ unreachable: 2 }, { unreachable: 2 }),
      severity: "warning",
      evidence: { heartbeatsThatTold: { a: 3 } },
    },
  ],
  "time-outs": [
    {
      name: "one of a hundred requests",
      at: web(refused(504, 3, 297)),
      below: web(refused(504, 3, 298)),
      severity: "error",
      evidence: { timedOut: 3, timeoutsHeadersMs: 15_000, meanMs: 100 },
    },
  ],
  "no-route": [
    {
      name: "one of fifty requests",
      at: well({ requests: 250, unrouted: 5 }),
      below: well({ requests: 251, unrouted: 5 }),
      severity: "error",
      evidence: { withoutRoute: 5, share: 0.02 },
    },
  ],
  "pods-full": [
    {
      name: "three that got no place",
      at: web({ events: { queued: 40, "crowded-out": 3 }, maxInFlight: 8 }),
      below: web({ events: { queued: 40, "crowded-out": 2 }, maxInFlight: 8 }),
      severity: "error",
      evidence: { waited: 40, gotNoPlace: 3, maxInFlight: 8 },
    },
    {
      name: "sessions that could not begin, where nothing else is wrong",
      at: web({ events: { "crowded-out": 1, "create-failed": 2 }, maxInFlight: 8 }),
      below: web({ events: { "crowded-out": 1, "create-failed": 2 } }),
      severity: "error",
      evidence: { gotNoPlace: 1, beganNone: 2 },
    },
  ],
  "pod-errors": [
    {
      name: "one of twenty requests",
      at: web({
        requests: [
          { outcome: "kept", code: 502, count: 3 },
          { outcome: "bound", code: 500, count: 2 },
          { outcome: "kept", code: 200, count: 95 },
        ],
      }),
      below: web({
        requests: [
          { outcome: "kept", code: 502, count: 5 },
          { outcome: "kept", code: 200, count: 96 },
        ],
      }),
      severity: "error",
      evidence: { answered5xx: 5, codes: { 500: 2, 502: 3 } },
    },
  ],
  "retries-spent": [
    {
      name: "five that were denied",
      at: web({ events: { retried: 12, "budget-spent": 5 } }),
      below: web({ events: { retried: 12, "budget-spent": 4 } }),
      severity: "warning",
      evidence: { retried: 12, denied: 5 },
    },
  ],
} satisfies Cases;
