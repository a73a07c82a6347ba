import { isMany, refusedWith, requestsOf } from "../count.ts";
import { type Found, ofPools } from "../finding.ts";

const REFUSED = 3;
const SHARE = 0.01;
const HEARTBEATS = 3;

/** Requests were refused as no pod could be connected to, or connections to a pod fail again and again. */
export const connectFailures = ofPools(
  "Connections to pods fail: clients get 502 (connect-failed) or 503 (unreachable)",
  "in the last minute 3 requests and 1 % were refused with 502, or with 503 where heartbeats told of failed connections; or 3 heartbeats told of them to one pod",
  (pool): Found | undefined => {
    const { name, pods } = pool;
    const all = requestsOf(pool);
    const failing = pods.filter(({ unreachable }) => unreachable >= HEARTBEATS);
    const refused502 = refusedWith(pool, 502);
    // A 503 has many reasons: this one where edges tell of it.
    const told = pods.filter(({ unreachable }) => unreachable > 0);
    const refused503 = refusedWith(pool, 503);
    const bad = refused502 + (told.length > 0 ? refused503 : 0);
    const many = isMany(bad, all, REFUSED, SHARE);
    if (!many && failing.length === 0) return undefined;
    return {
      severity: many ? "error" : "warning",
      title: `Connections to pods of ${name} fail`,
      evidence: {
        pool: name,
        requests: all,
        refused502,
        refused503,
        heartbeatsThatTold: Object.fromEntries(
          told.slice(0, 20).map(({ id, unreachable }) => [id, unreachable]),
        ),
      },
      fix: `See that these pods run, listen on the port of their url and are reached from the edges (firewall, NetworkPolicy, DNS). With keep-alive, the pod's idle time-out must be longer than the edge's. A readiness probe on pool ${name} finds a dead pod before its clients do; retry.methods lets POSTs be sent again.`,
    };
  },
);
