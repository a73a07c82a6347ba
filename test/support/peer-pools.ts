import type { TestPod } from "./pod.ts";

/** The policies that each have a pool of their name. */
export const POLICIES = ["round-robin", "least-request", "consistent-hash", "random"];
/** Options of a cookie, and the line that they write over http with T for the token: pools `attributes-0` and on. */
export const ATTRIBUTES: [options: Record<string, unknown>, written: RegExp][] = [
  [{}, /^mooring-[0-9a-z]+=T; Path=\/; HttpOnly; SameSite=Lax$/],
  [{ name: "lb" }, /^lb=T; Path=\/; HttpOnly; SameSite=Lax$/],
  [{ path: "/attributes-2" }, /^mooring-[0-9a-z]+=T; Path=\/attributes-2; HttpOnly; SameSite=Lax$/],
  [{ domain: "shop.test" }, /^mooring-[0-9a-z]+=T; Domain=shop\.test; Path=\/; HttpOnly; SameSite=Lax$/],
  [{ maxAge: "1h" }, /^mooring-[0-9a-z]+=T; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/],
  [{ secure: true }, /^mooring-[0-9a-z]+=T; Path=\/; Secure; HttpOnly; SameSite=Lax$/],
  [{ secure: false, sameSite: "Strict" }, /^mooring-[0-9a-z]+=T; Path=\/; HttpOnly; SameSite=Strict$/],
  [
    {
      name: "all",
      path: "/attributes-7",
      domain: "shop.test",
      maxAge: "60s",
      secure: true,
      sameSite: "None",
      partitioned: true,
    },
    /^all=T; Max-Age=60; Domain=shop\.test; Path=\/attributes-7; Secure; HttpOnly; SameSite=None; Partitioned$/,
  ],
];

/** Pods as a config lists them. */
export const listed = (which: readonly TestPod[]) => which.map(({ id, url }) => ({ id, url }));

/** Nothing listens there. */
const dead = (id: string) => ({ id, url: "http://127.0.0.1:1" });

const health = { readiness: { path: "/", period: "200ms", failure: 2 } };

/**
 * A config with a pool, at the path of its name, for each thing that is asked of a balancer.
 *
 * @param pods four of them; most pools have the first three
 * @param more pools over those
 */
export function peerConfig(pods: readonly TestPod[], more: Record<string, object> = {}): object {
  const three = listed(pods.slice(0, 3));
  const pools: Record<string, object> = {
    ...Object.fromEntries(POLICIES.map((policy) => [policy, { policy, pods: three }])),
    weighted: { policy: "round-robin", pods: three.map((pod, i) => ({ ...pod, weight: i + 1 })) },
    plain: { pods: three, affinity: "none" },
    probed: { pods: three, health },
    "all-dead": { pods: [dead("d-0"), dead("d-1")] },
    "some-dead": { policy: "round-robin", pods: [dead("d-0"), ...listed(pods.slice(0, 1)), dead("d-1")] },
    once: {
      policy: "round-robin",
      pods: [dead("d-0"), ...listed(pods.slice(0, 1))],
      retry: { attempts: 1 },
    },
    hanging: { pods: three, timeouts: { headers: "300ms" } },
    drained: { pods: three },
    lone: { pods: listed(pods.slice(3, 4)) },
    reloaded: { pods: three },
    ...Object.fromEntries(
      ATTRIBUTES.map(([cookie], i) => [`attributes-${i}`, { pods: three, affinity: { cookie } }]),
    ),
    ...more,
  };
  return {
    version: 1,
    explain: true,
    pools,
    routes: Object.keys(pools).map((pool) => ({ path: `/${pool}`, pool })),
  };
}
