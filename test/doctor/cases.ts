import type { Checkup, PodCheckup, PoolCheckup } from "../../src/doctor/checkup.ts";
import type { Evidence, Severity } from "../../src/doctor/finding.ts";
import type { CheckName } from "../../src/doctor/index.ts";
import { isolate, NOW, pod, pool, well } from "./well.ts";

/** A state that a check names, and one that is as near to it as can be and is not named. */
export interface Case {
  readonly name: string;
  readonly at: Checkup;
  readonly below: Checkup;
  readonly severity: Severity;
  /** What the evidence says, among others. */
  readonly evidence: Evidence;
}

const web = (change: Partial<PoolCheckup>) => well({ pools: [pool(change)] });
const pods = (...changes: Partial<PodCheckup>[]) =>
  web({ pods: changes.map((change, i) => pod("abcdef"[i]!, change)) });
const refused = (code: number, count: number, others: number): Partial<PoolCheckup> => ({
  requests: [
    { outcome: "refused", code, count },
    { outcome: "kept", code: 200, count: others },
  ],
});
const gaps = (over: number, within: number, seconds = 4096): Partial<PoolCheckup> => ({
  gaps: [
    { over: true, seconds, count: over },
    { over: false, seconds: 1024, count: within },
  ],
});
const left = (cause: PoolCheckup["breaks"][number]["cause"], from: string, count: number) => ({
  cause,
  from,
  count,
});
/** Wilson's lower bound at z = 3 is 0.196 of 21 of 60, and 0.209 of 22. */
const sampled = (hits: number, taken: number) => ({ samples: { taken, hits, sid: "f".repeat(32) } });

/** Two pods, of which the first has more to do. */
const hot = (
  samples: Partial<PoolCheckup>,
  first: Partial<PodCheckup> = {},
  second: Partial<PodCheckup> = {},
) =>
  web({ ...samples, pods: [pod("a", { answered: 500, ...first }), pod("b", { answered: 100, ...second })] });

export const CASES: Readonly<Record<CheckName, readonly Case[]>> = {
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
  "uneven-sessions": [
    {
      name: "1.5 times its part",
      at: pods({ sessions: 150 }, { sessions: 75 }, { sessions: 75 }),
      below: pods({ sessions: 149 }, { sessions: 75 }, { sessions: 75 }),
      severity: "warning",
      evidence: { pod: "a", sessions: 150, part: 100, ratio: 1.5 },
    },
    {
      name: "not what may be chance: 4 standard deviations of few are many",
      at: pods({ sessions: 36 }, { sessions: 12 }, { sessions: 0 }),
      below: pods({ sessions: 9 }, { sessions: 3 }, { sessions: 0 }),
      severity: "warning",
      evidence: { ratio: 2.25 },
    },
    {
      name: "not what the weights ask for, nor what a pod that drains still has",
      at: pods({ sessions: 300, weight: 2 }, { sessions: 50 }, { sessions: 50 }),
      below: pods(
        { sessions: 200, weight: 2 },
        { sessions: 100 },
        { sessions: 100 },
        { sessions: 900, state: "draining" },
      ),
      severity: "warning",
      evidence: { part: 200 },
    },
    {
      name: "nothing while the store does not say",
      at: pods({ sessions: 400 }, { sessions: 5 }),
      below: pods({ sessions: 400 }, { sessions: null }),
      severity: "warning",
      evidence: { all: 405 },
    },
  ],
  "uneven-weights": [
    {
      name: "a weight above the others, and load that follows it",
      at: pods({ weight: 2, configWeight: 2, answered: 400 }, { answered: 200 }, { answered: 200 }),
      below: pods({ weight: 2, configWeight: 2, answered: 399 }, { answered: 200 }, { answered: 201 }),
      severity: "warning",
      evidence: { pod: "a", weight: 2, of: "requests", by: "config", ratio: 1.5 },
    },
    {
      name: "what an operator left behind",
      at: pods({ weight: 5, answered: 700, sessions: 100 }, { answered: 200 }, { answered: 200 }),
      below: pods({ weight: 1, answered: 700, sessions: 40 }, { answered: 200 }, { answered: 200 }),
      severity: "warning",
      evidence: { weight: 5, configWeight: 1, by: "operator" },
    },
    {
      name: "sessions, where there are no requests",
      at: pods({ weight: 4, sessions: 160, answered: 0 }, { answered: 0 }, { answered: 0 }),
      below: pods({ weight: 4, sessions: 4, answered: 0 }, { sessions: 1, answered: 0 }),
      severity: "warning",
      evidence: { of: "sessions", has: 160 },
    },
  ],
  "hot-session": [
    {
      name: "surely over a fifth",
      at: hot(sampled(22, 60)),
      below: hot(sampled(21, 60)),
      severity: "warning",
      evidence: {
        session: "f".repeat(32),
        sampled: 60,
        ofThisSession: 22,
        share: 0.37,
        surelyAbove: 0.21,
        pod: "a",
        requestsOfPod: 500,
      },
    },
    {
      name: "not one of few sessions, which has a large part by nature",
      at: hot(sampled(50, 60), { sessions: 5 }, { sessions: 5 }),
      below: hot(sampled(50, 60), { sessions: 5 }, { sessions: 4 }),
      severity: "warning",
      evidence: { sessions: 10 },
    },
    {
      name: "not one that asks for little",
      at: hot(sampled(20, 20), { answered: 110 }, { answered: 10 }),
      below: hot(sampled(20, 20), { answered: 109 }, { answered: 10 }),
      severity: "warning",
      evidence: { share: 1 },
    },
    {
      name: "not where no pod has more than its part",
      at: hot(sampled(30, 60), { answered: 450 }, { answered: 150 }),
      below: hot(sampled(30, 60), { answered: 449 }, { answered: 150 }),
      severity: "warning",
      evidence: { partOfPod: 300 },
    },
    {
      name: "not by a few samples",
      at: hot(sampled(10, 10)),
      below: hot(sampled(9, 9)),
      severity: "warning",
      evidence: { sampled: 10 },
    },
  ],
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
  "store-failing": [
    {
      name: "one of twenty calls",
      at: well({ store: { calls: 100, failed: 5, waited: 0, late: 0 } }),
      below: well({ store: { calls: 101, failed: 5, waited: 0, late: 0, answers: true } }),
      severity: "error",
      evidence: { calls: 100, failed: 5, answersNow: null },
    },
    {
      name: "an open breaker",
      at: well({ isolates: [isolate({ broken: true })] }),
      below: well({ isolates: [isolate()] }),
      severity: "error",
      evidence: { isolatesWithOpenBreaker: 1 },
    },
    {
      name: "no answer now",
      at: well({ store: { calls: 0, failed: 0, waited: 0, late: 0, answers: false } }),
      below: well({ store: { calls: 0, failed: 0, waited: 0, late: 0 } }),
      severity: "error",
      evidence: { answersNow: false },
    },
  ],
  "store-slow": [
    {
      name: "one of ten that wait",
      at: well({ store: { calls: 100, failed: 0, waited: 50, late: 5 } }),
      below: well({ store: { calls: 100, failed: 0, waited: 51, late: 5 } }),
      severity: "warning",
      evidence: { waited: 50, late: 5, laterThanMs: 150, share: 0.1 },
    },
  ],
  "edges-disagree": [
    {
      name: "a quarter of the compare-and-sets",
      at: web({ swaps: { all: 20, adopted: 5 } }),
      below: web({ swaps: { all: 21, adopted: 5 } }),
      severity: "warning",
      evidence: { compareAndSets: 20, adopted: 5, movedByAdopt: 0 },
    },
    {
      name: "sessions that were at two pods",
      at: web({ breaks: [left("store-adopt", "a", 3), left("store-adopt", "b", 2)] }),
      below: web({ breaks: [left("store-adopt", "a", 4)] }),
      severity: "error",
      evidence: { movedByAdopt: 5 },
    },
  ],
  "clock-skew": [
    {
      name: "a minute, behind or ahead",
      at: well({ isolates: [isolate(), isolate({ isolate: "late", ahead: -60_000 })] }),
      below: well({ isolates: [isolate({ ahead: 59_999 }), isolate({ ahead: -59_999 })] }),
      severity: "warning",
      evidence: { isolates: 1, active: 2, secondsAhead: { late: -60 } },
    },
    {
      name: "five minutes",
      at: well({ isolates: [isolate({ ahead: 300_000 })] }),
      below: well({ isolates: [isolate({ ahead: undefined })] }),
      severity: "error",
      evidence: { secondsAhead: { "0a1b2c3d": 300 } },
    },
  ],
  "key-worn": [
    {
      name: "2^30 tokens",
      at: well({ sealed: { a1: 2 ** 30 } }),
      below: well({ sealed: { a1: 2 ** 30 - 1, b2: 2 ** 31 } }),
      severity: "warning",
      evidence: { key: "a1", tokensSealed: 2 ** 30 },
    },
    {
      name: "2^32 tokens",
      at: well({ sealed: { a1: 2 ** 32 } }),
      below: well({ isolates: [], sealed: { a1: 2 ** 32 } }),
      severity: "error",
      evidence: { limit: 2 ** 32 },
    },
  ],
  "key-retired": [
    {
      name: "one session",
      at: web({ breaks: [left("key-retired", "a", 1)] }),
      below: web({ breaks: [left("expired-absolute", "a", 9)] }),
      severity: "error",
      evidence: { sessionsEnded: 1 },
    },
  ],
  "tokens-unknown": [
    {
      name: "a fifth of those that are met",
      at: web({ tokens: { all: 50, unknown: 10 } }),
      below: web({ tokens: { all: 51, unknown: 10 } }),
      severity: "error",
      evidence: { tokensMet: 50, unknown: 10, share: 0.2 },
    },
    {
      name: "ten of them",
      at: web({ tokens: { all: 10, unknown: 10 } }),
      below: web({ tokens: { all: 9, unknown: 9 } }),
      severity: "error",
      evidence: { share: 1 },
    },
  ],
  "keys-differ": [
    {
      name: "a key that another edge does not hold",
      at: well({ isolates: [isolate(), isolate({ isolate: "other", keys: ["b2", "a1"] })] }),
      below: well({ isolates: [isolate({ keys: ["a1", "b2"] }), isolate({ keys: ["b2", "a1"] })] }),
      severity: "error",
      evidence: { isolatesByKey: { a1: 1, b2: 1 }, withoutAnothersKey: ["0a1b2c3d"] },
    },
  ],
  "config-behind": [
    {
      name: "ten seconds after it came into force",
      at: well({ enforced: NOW - 10_500, isolates: [isolate({ revision: 6, behind: 3 }), isolate()] }),
      below: well({ enforced: NOW - 10_499, isolates: [isolate({ revision: 6, behind: 3 }), isolate()] }),
      severity: "error",
      evidence: { revision: 7, behind: 1, active: 2, holds: { "0a1b2c3d": 6 } },
    },
    {
      name: "not one that was idle, and hears of it now",
      at: well({ isolates: [isolate({ revision: -1, behind: 3 })] }),
      below: well({ isolates: [isolate({ revision: -1, behind: 2 })] }),
      severity: "error",
      evidence: { holds: { "0a1b2c3d": -1 } },
    },
  ],
};
