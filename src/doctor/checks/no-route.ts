import { isMany } from "../count.ts";
import { type Check, rounded } from "../finding.ts";

const LEAST = 5;
const SHARE = 0.02;

/** Requests come for which no route stands. */
export const noRoute: Check = {
  summary: "Requests match no route, and get 404 (no-route)",
  threshold: "5 requests of the last minute, and 2 % of all",
  look({ requests, unrouted }) {
    if (!isMany(unrouted, requests, LEAST, SHARE)) return [];
    return [
      {
        severity: "error",
        title: "Requests match no route",
        evidence: { requests, withoutRoute: unrouted, share: rounded(unrouted / requests) },
        fix: "npx mooring explain URL says for which host and path there is none: add the route, or one with path / for the host. What scanners ask for may stay without.",
      },
    ];
  },
};
