import { consistentHash } from "./consistent-hash.ts";
import { leastRequest } from "./least-request.ts";
import { random } from "./random.ts";
import { roundRobin } from "./round-robin.ts";

/** The registry: a policy is its file and its line here. Names, schema, docs and console list derive from it. */
export const policies = {
  "consistent-hash": consistentHash,
  "least-request": leastRequest,
  "round-robin": roundRobin,
  random,
} as const;

export type PolicyName = keyof typeof policies;
