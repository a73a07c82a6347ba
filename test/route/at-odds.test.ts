import { describe, expect, it } from "vitest";
import { PROVISIONAL } from "../../src/sessions/token.ts";
import { type Scene, scene } from "../support/scene.ts";

/** Found by the simulator: a session was in doubt for ever, or refused every second time, though its own pod kept it. */

/** The edge has found out that the store knows more than the cookie. */
async function foundOut({ edge, token }: Scene): Promise<void> {
  const { sid, epoch, pod } = await token();
  edge.edge.settlements.set(sid, { epoch, pod, ahead: true });
}

/** The cookie came of a move without the store, to the epoch at which an operator moved the session elsewhere. */
async function inDoubt(stage: Scene, id: string): Promise<void> {
  await stage.moveInStore(id);
  const token = await stage.token();
  await stage.carry({ ...token, epoch: token.epoch + 1, flags: PROVISIONAL });
}

/** Whether the store holds what the cookie says. */
async function expectTold({ edge, token }: Scene): Promise<void> {
  const { sid, epoch, pod } = await token();
  expect(await edge.store.read(sid)).toMatchObject({ epoch, pod });
}

/** And nothing is in doubt. */
async function expectInStep(stage: Scene): Promise<void> {
  await expectTold(stage);
  expect((await stage.token()).flags).toBe(0);
}

describe("a session whose cookie names a pod that keeps it, and whose store one that does not", () => {
  it("goes on there: each second request was refused, as no other pod took any", async () => {
    const stage = await scene(3);
    const { edge, ask, home, others, health, moveInStore, token } = stage;
    const [gone, other] = others as [string, string];
    await moveInStore(gone);
    health({ [gone]: "disabled", [other]: "draining", [home]: "draining" });
    await foundOut(stage);
    expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
    await expectInStep(stage);
    expect((await token()).epoch).toBe(3);
    expect(edge.edge.breaks).toEqual([]);
  });

  it("is not moved on to a third: every pod that its hash may name had been as good as its own", async () => {
    for (let pods = 3; pods <= 8; pods++) {
      const stage = await scene(pods, { policy: "random" });
      const { ask, home, others, health, moveInStore } = stage;
      await moveInStore(others[0]!);
      health({ [others[0]!]: "down" });
      await foundOut(stage);
      expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
      await expectInStep(stage);
    }
  });

  it("stays while the store does not answer the second question either", async () => {
    for (const strict of [false, true]) {
      const stage = await scene(3, { strict });
      const { edge, ask, home, others, health, moveInStore, token } = stage;
      await moveInStore(others[0]!);
      health({ [others[0]!]: "down" });
      await foundOut(stage);
      const { swap } = edge.store;
      edge.store.swap = (asked) =>
        asked.op === "rebind2"
          ? Promise.reject(new Error("the store is down"))
          : swap.call(edge.store, asked);
      expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
      expect(await token()).toMatchObject({ epoch: 1, flags: 0 });
      edge.store.swap = swap;
      await foundOut(stage);
      expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
      await expectTold(stage);
      expect((await token()).epoch).toBe(3);
    }
  });

  it("is settled in a pool that waits, too, when it is in doubt: it had been so for as long as that pod was down", async () => {
    const stage = await scene(3, { failover: "none" });
    const { ask, home, others, health, edge } = stage;
    await inDoubt(stage, others[0]!);
    health({ [others[0]!]: "down" });
    // Found out behind the first response, settled before the second.
    for (let i = 0; i < 2; i++)
      expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
    await expectInStep(stage);
    expect(edge.edge.breaks).toEqual([]);
    // Where the other pod is back, nothing is to be gone back on.
    health({});
    expect(await ask()).toMatchObject({ outcome: "kept", pod: home });
  });
});

describe("a session that follows the store to a pod that is dead, of which no view has heard", () => {
  it.each(["sticky", "none"])(
    "goes on at its cookie's own, with failover: %s and nowhere else to go",
    async (failover) => {
      const stage = await scene(3, { failover });
      const { ask, dead, home, others, health } = stage;
      const [gone, other] = others as [string, string];
      await inDoubt(stage, gone);
      dead.add(gone);
      health({ [other]: "draining", [home]: "draining" });
      for (let i = 0; i < 2; i++) expect(await ask()).toMatchObject({ status: 200, pod: home });
      await expectInStep(stage);
      expect(await ask()).toMatchObject({ outcome: "kept", pod: home });
    },
  );

  it("goes back to its own whatever its hash says: it had gone on to others as dead, and was refused", async () => {
    for (let pods = 3; pods <= 8; pods++) {
      const stage = await scene(pods, { policy: "random" });
      const { ask, dead, home, others } = stage;
      await inDoubt(stage, others[0]!);
      for (const id of others) dead.add(id);
      for (let i = 0; i < 2; i++) expect(await ask()).toMatchObject({ status: 200, pod: home });
      await expectTold(stage);
    }
  });
});

describe("a session that follows the store to a dead pod, in a pool that tries no second one", () => {
  /** Its token was in doubt until that pod was back: what the edge had found out was forgotten with each 503. */
  it.each(["GET", "POST"])("goes back to its own with the next request (%s)", async (method) => {
    const stage = await scene(3, { retry: { attempts: 1 } });
    const { edge, ask, dead, home, others } = stage;
    await inDoubt(stage, others[0]!);
    dead.add(others[0]!);
    expect(await ask(method)).toMatchObject({ status: 200, outcome: "kept", pod: home });
    expect((await ask(method)).status).toBe(method === "GET" ? 503 : 502);
    expect(await ask(method)).toMatchObject({ status: 200, outcome: "moved", pod: home, cause: "pod-gone" });
    await expectInStep(stage);
    expect(await ask(method)).toMatchObject({ outcome: "kept", pod: home });
    expect(edge.edge.breaks.filter(({ passed }) => passed !== true)).toHaveLength(1);
  });

  it("follows it there where it is back by then", async () => {
    const stage = await scene(3, { retry: { attempts: 1 } });
    const { ask, dead, others } = stage;
    await inDoubt(stage, others[0]!);
    dead.add(others[0]!);
    for (const status of [200, 503]) expect(await ask()).toMatchObject({ status });
    dead.clear();
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", pod: others[0]! });
    await expectTold(stage);
  });
});

describe("a session of a pool that waits, which the store names a dead pod for, of which no view has heard", () => {
  /** Each request was refused for as long as no probe told of that pod, though its cookie was in no doubt. */
  it.each([
    ["GET", 1, 503],
    ["GET", 2, 200],
    ["POST", 2, 502],
  ])("waits at its cookie's own (%s, attempts: %i)", async (method, attempts, first) => {
    const stage = await scene(3, { failover: "none", retry: { attempts } });
    const { edge, ask, dead, home, others, moveInStore, token } = stage;
    await moveInStore(others[0]!);
    await foundOut(stage);
    dead.add(others[0]!);
    expect((await ask(method)).status).toBe(first);
    const asked = stage.countSwaps();
    for (let i = 0; i < 3; i++)
      expect(await ask(method)).toMatchObject({ status: 200, outcome: "kept", pod: home });
    expect(asked()).toBeLessThanOrEqual(1);
    expect(edge.edge.breaks).toEqual([]);
    // Nothing is gone back on: the store has it where it was moved to.
    expect(await edge.store.read((await token()).sid)).toMatchObject({
      epoch: 2,
      pod: stage.podOf(others[0]!).tag,
    });
    dead.clear();
    await foundOut(stage);
    expect(await ask(method)).toMatchObject({ status: 200, outcome: "moved", pod: others[0]! });
  });
});

describe("a session that follows the store, whose client is not told or had asked before", () => {
  it("is found there by the old cookie, too: the next request with it had gone back to the pod that it left", async () => {
    const stage = await scene(3);
    const { edge, ask, home, others, moveInStore, token, carry } = stage;
    await moveInStore(others[0]!);
    await foundOut(stage);
    const old = await token();
    const asked = stage.countSwaps();
    for (let i = 0; i < 5; i++) {
      await carry(old);
      expect(await ask()).toMatchObject({ status: 200, outcome: "moved", from: home, pod: others[0]! });
    }
    // And the store is asked once for all of a page.
    expect(asked()).toBe(1);
    expect(edge.edge.breaks).toHaveLength(1);
    expect(await ask()).toMatchObject({ outcome: "kept", pod: others[0]! });
  });

  it("stays there while the store is away", async () => {
    let now = Date.now();
    const stage = await scene(3, {}, () => now);
    const { edge, ask, others, moveInStore, token, carry } = stage;
    await moveInStore(others[0]!);
    await foundOut(stage);
    const old = await token();
    expect(await ask()).toMatchObject({ outcome: "moved", pod: others[0]! });
    edge.store.swap = () => Promise.reject(new Error("the store is down"));
    for (let i = 0; i < 3; i++) {
      now += edge.edge.period() * 2;
      await carry(old);
      expect(await ask()).toMatchObject({ outcome: "moved", pod: others[0]! });
    }
  });

  it("is not moved by one reset there: its pod is asked whether it connects, as its cookie's own would be", async () => {
    for (const failover of ["sticky", "none"]) {
      const stage = await scene(3, { failover });
      const { edge, ask, others, moveInStore, token, carry } = stage;
      await moveInStore(others[0]!);
      await foundOut(stage);
      const old = await token();
      expect(await ask()).toMatchObject({ outcome: "moved", pod: others[0]! });
      const { send } = edge.edge.forwarder;
      let resets = 1;
      edge.edge.forwarder.send = (...args) =>
        args[0].pod.id === others[0] && resets-- > 0 ? Promise.resolve("connect") : send(...args);
      await carry(old);
      expect(await ask()).toMatchObject({ status: 200, outcome: "moved", pod: others[0]! });
      expect(resets).toBeLessThan(1);
      expect(edge.edge.breaks).toHaveLength(1);
      expect((await edge.store.read(old.sid))?.epoch).toBe(2);
    }
  });

  it("stays revoked while the store is away, where the store has said so", async () => {
    const stage = await scene(3);
    const { edge, ask, token, carry } = stage;
    await foundOut(stage);
    const old = await token();
    const { sid, epoch, pod } = old;
    const times = { created: Date.now(), exp: old.exp * 1000, via: "web@*" };
    await edge.store.swap({ op: "revoke", sid, epoch, pod, to: pod, home: pod, cause: "revoked", ...times });
    expect(await ask()).toMatchObject({ outcome: "bound" });
    edge.store.swap = () => Promise.reject(new Error("the store is down"));
    await carry(old);
    expect(await ask()).toMatchObject({ outcome: "bound" });
  });

  it("asks the store again when what it said is old", async () => {
    let now = Date.now();
    const stage = await scene(3, {}, () => now);
    const { edge, ask, others, moveInStore, token, carry } = stage;
    await moveInStore(others[0]!);
    await foundOut(stage);
    const old = await token();
    expect(await ask()).toMatchObject({ outcome: "moved", pod: others[0]! });
    await moveInStore(others[1]!);
    for (let i = 0; i < 3; i++) {
      now += edge.edge.period() * 0.8;
      await carry(old);
      await ask();
    }
    await carry(old);
    expect(await ask()).toMatchObject({ outcome: "moved", pod: others[1]! });
  });
});

describe("a session whose move was taken back, as no pod answered", () => {
  it("is in step with the next request: it had been so when it was renewed", async () => {
    const stage = await scene(2);
    const { edge, ask, dead, home, others, token } = stage;
    dead.add(home).add(others[0]!);
    expect(await ask()).toMatchObject({ status: 503 });
    expect(await edge.store.read((await token()).sid)).toMatchObject({ epoch: 3, pod: (await token()).pod });
    dead.clear();
    expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
    await expectTold(stage);
    expect((await token()).epoch).toBe(3);
  });
});
