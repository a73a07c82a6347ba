import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { PROVISIONAL } from "../../src/sessions/token.ts";
import { scene } from "../support/scene.ts";

/** Each of these was found by the simulator: a schedule of a few events after which a session was lost, or told wrongly. */

describe("a session that was revoked and whose pod died", () => {
  it("begins anew elsewhere: it had been given the dead pod again, and no try was left", async () => {
    // By chance alone one of three such sessions would pass.
    for (let round = 0; round < 8; round++) {
      const { edge, dead, ask, home, token, others } = await scene(3, { policy: "random" });
      const { sid, exp, epoch, pod } = await token();
      const times = { created: Date.now(), exp: exp * 1000, via: "web@*" };
      const swap = { op: "revoke", sid, epoch, pod, to: pod, home: pod, cause: "revoked", ...times } as const;
      await edge.store.swap(swap);
      dead.add(home);
      const answer = await ask();
      expect(answer).toMatchObject({ status: 200, outcome: "bound" });
      expect(others).toContain(answer.pod);
      expect((await token()).sid).not.toBe(sid);
    }
  });
});

describe("a session that moved without the store to the epoch at which it was revoked there", () => {
  async function revoked() {
    const stage = await scene(2, { policy: "random", retry: { attempts: 2 } });
    const { edge, dead, ask, home, token } = stage;
    const before = await token();
    dead.add(home);
    const { swap } = edge.store;
    edge.store.swap = () => Promise.reject(new Error("the store is down"));
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", from: home });
    edge.store.swap = swap;
    const moved = await token();
    expect(moved).toMatchObject({ epoch: 2, flags: PROVISIONAL });
    const { sid, exp, epoch, pod } = before;
    const times = { created: Date.now(), exp: exp * 1000, via: "web@*" };
    await edge.store.swap({ op: "revoke", sid, epoch, pod, to: pod, home: pod, cause: "revoked", ...times });
    expect(await edge.store.read(sid)).toMatchObject({ epoch: 2, state: "R" });
    return { ...stage, sid, exp };
  }

  it("stays revoked where nothing new can begin: each second request was served again", async () => {
    const { edge, dead, ask, token, sid } = await revoked();
    // Served once, as only the store knows; that is asked off path.
    expect(await ask()).toMatchObject({ status: 200, outcome: "kept" });
    edge.health(
      Object.fromEntries(edge.view.pools[0]!.pods.map(({ pod }) => [tagToHex(pod.tag), "draining"])),
    );
    for (let i = 0; i < 4; i++) expect(await ask()).toMatchObject({ status: 503, outcome: "refused" });
    edge.health({});
    dead.clear();
    expect(await ask()).toMatchObject({ status: 200, outcome: "bound" });
    expect((await token()).sid).not.toBe(sid);
  });

  it("is over at the edges that were told: it had to be asked for in the store, after a request that was served", async () => {
    const { edge, ask, token, sid, exp } = await revoked();
    const entry = { seq: 1, sid, epoch: 2, to: null, cause: "revoked", exp: exp * 1000 } as const;
    edge.edge.feed.hear([entry], 1, Date.now());
    expect(await ask()).toMatchObject({ status: 200, outcome: "bound" });
    expect((await token()).sid).not.toBe(sid);
  });
});

describe("what begins after a revocation", () => {
  it("and meets a dead pod first has not moved: no pod had served it", async () => {
    for (let round = 0; round < 6; round++) {
      const { edge, dead, ask, token, others } = await scene(3, { policy: "random" });
      const { sid, exp } = await token();
      edge.edge.feed.hear(
        [{ seq: 1, sid, epoch: 2, to: null, cause: "revoked", exp: exp * 1000 }],
        1,
        Date.now(),
      );
      for (const id of others) dead.add(id);
      // Two of three pods are dead: sooner or later the first choice is one of them.
      const answer = await ask();
      expect(["bound", "refused"]).toContain(answer.outcome);
      expect(edge.edge.breaks).toEqual([]);
      if (answer.outcome === "bound") expect((await token()).sid).not.toBe(sid);
    }
  });
});
