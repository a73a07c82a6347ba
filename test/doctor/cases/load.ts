import type { PodCheckup, PoolCheckup } from "../../../src/doctor/checkup.ts";
import { type Cases, pods, sampled, web } from "../case.ts";
import { pod } from "../well.ts";

/** Two pods, of which the first has more to do. */
const hot = (
  samples: Partial<PoolCheckup>,
  first: Partial<PodCheckup> = {},
  second: Partial<PodCheckup> = {},
) =>
  web({ ...samples, pods: [pod("a", { answered: 500, ...first }), pod("b", { answered: 100, ...second })] });

/** Load that is uneven: by sessions, by weights, by one session. */
export const LOAD = {
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
} satisfies Cases;
