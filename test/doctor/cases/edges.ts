import { type Cases, left, web } from "../case.ts";
import { isolate, NOW, well } from "../well.ts";

/** What edges share: the store, their clocks, keys and config. */
export const EDGES = {
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
} satisfies Cases;
