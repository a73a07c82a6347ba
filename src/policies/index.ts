import { consistentHash } from "./consistent-hash.ts";
import { ewma } from "./ingress-ewma.ts";
import { ketama } from "./ketama.ts";
import { leastRequest } from "./least-request.ts";
import { maglev } from "./maglev.ts";
import { peakEwma } from "./peak-ewma.ts";
import { random } from "./random.ts";
import { ringHash } from "./ring-hash.ts";
import { roundRobin } from "./round-robin.ts";

/** The registry: a policy is its file and its line here. Names, schema, docs and console list derive from it. */
export const policies = {
  "consistent-hash": consistentHash,
  "least-request": leastRequest,
  "peak-ewma": peakEwma,
  ewma,
  ketama,
  "ring-hash": ringHash,
  maglev,
  "round-robin": roundRobin,
  random,
} as const;

export type PolicyName = keyof typeof policies;
