import { expect, it } from "vitest";
import { Places } from "../../../worker/coordinator/places.ts";
import { snapshotOf } from "../../support/plan-fleet.ts";

const pool = (name: string, affinity: object) => ({
  affinity: [affinity],
  pods: [{ id: `${name}-0`, url: `http://pod.test/${name}` }],
});

/** Two scopes that share a side. */
const DOCUMENT = {
  version: 1,
  pools: {
    web: pool("web", { cookie: { idle: "30m" } }),
    shop: pool("shop", { header: "x-user" }),
    side: pool("side", { cookie: {} }),
  },
  routes: [
    { host: "a.test", split: { web: 1, side: 1 } },
    { host: "b.test", split: { shop: 1, side: 1 } },
  ],
};

// Who was on the shared pool could be moved to a pod of the other scope, from where the next request took it back.
it("has a session of a shared pool among the pods of its own scope, by that scope's affinity", async () => {
  const snapshot = (await snapshotOf(DOCUMENT, 1))!;
  const places = new Places(snapshot, [], () => "ready");
  const { tag: pod } = snapshot.pools.find(({ name }) => name === "side")!.pods[0]!;
  const near = (via: string) => places.neighbours({ pod, via }).map(({ id }) => id);
  const source = (via: string) => places.affinity({ pod, via }).map((one) => one.source);
  expect([near("web@a.test"), source("web@a.test")]).toEqual([["side-0", "web-0"], ["cookie"]]);
  expect([near("shop@b.test"), source("shop@b.test")]).toEqual([["side-0", "shop-0"], ["header"]]);
  // Of an older version, or of a scope that has gone: all that it may be.
  for (const via of ["", "gone@a.test"]) expect(near(via).sort()).toEqual(["shop-0", "side-0", "web-0"]);
});
