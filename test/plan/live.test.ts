import { expect, it } from "vitest";
import { liveNotices } from "../../src/plan/live.ts";
import { testCore } from "../support/core.ts";
import { departing, snapshotOf, viewOf } from "../support/plan-fleet.ts";

/** What a plan tells of live cookies when the pods of a pool become others, `id=address`. */
async function told(mode: string, before: string[], after: string[], more: object = {}) {
  const core = testCore();
  const config = (pods: string[], live: object | undefined) => ({
    version: 1,
    pools: {
      web: {
        affinity: [{ cookie: { name: "route", ...(live === undefined ? {} : { ingressNginx: live }) } }],
        pods: pods.map((pod) => ({ id: pod.split("=")[0], url: `http://10.0.0.${pod.split("=")[1]}:80` })),
      },
    },
    routes: [{ path: "/", pool: "web" }],
  });
  const live = { mode, backend: "shop-web-80" };
  const old = (await snapshotOf(config(before, live), 1))!;
  const next = (await snapshotOf(config(after, "none" in more ? undefined : live), 2))!;
  const view = viewOf(old, [], {}, core);
  const notices = liveNotices(view, viewOf(next, departing(view, next), {}, core));
  return notices.map(({ message }) => Number(/^([\d.]+) %/.exec(message)?.[1]));
}

it.each(["balanced", "persistent"])("%s: the same pods are the same for every cookie", async (mode) => {
  expect(await told(mode, ["a=1", "b=2", "c=3"], ["a=1", "b=2", "c=3"])).toEqual([]);
});

it("balanced: a pod that goes takes its share of the ring along", async () => {
  const [share] = await told("balanced", ["a=1", "b=2", "c=3"], ["a=1", "b=2"]);
  // 160 points a pod: a third, give or take a quarter of it.
  expect(share).toBeGreaterThan(25);
  expect(share).toBeLessThan(42);
});

it("persistent: a pod with another address is not found by what names the old one", async () => {
  expect(await told("persistent", ["a=1", "b=2", "c=3", "d=4"], ["a=1", "b=2", "c=3", "d=5"])).toEqual([25]);
  expect(await told("persistent", ["a=1", "b=2"], ["a=2", "b=1"])).toEqual([100]);
});

it("all of them where nobody reads them any more", async () => {
  expect(await told("balanced", ["a=1", "b=2"], ["a=1", "b=2"], { none: true })).toEqual([100]);
});
