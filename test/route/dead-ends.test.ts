import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { config, type Scene, scene, URL } from "../support/scene.ts";

/** Each of these was found by the simulator: a schedule of a few events after which a session was lost, or told wrongly. */

/** As the coordinator does it: in the store, and on the feed. */
async function moveTo({ edge, token, moveInStore }: Scene, id: string): Promise<void> {
  await moveInStore(id);
  const { sid, epoch, pod, cause, exp } = (await edge.store.read((await token()).sid))!;
  if (cause === "") throw new Error("nobody has moved it");
  edge.edge.feed.hear([{ seq: epoch, sid, epoch, to: tagToHex(pod), cause, exp }], epoch, Date.now());
}

describe("a session whose pod is dead", () => {
  it("moves though nothing is tried twice: each GET had failed at the dead pod for ever", async () => {
    const { dead, ask, home } = await scene(3, { retry: { attempts: 1 } });
    dead.add(home);
    expect(await ask()).toMatchObject({ status: 503 });
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", from: home, cause: "pod-gone" });
    expect(await ask()).toMatchObject({ outcome: "kept" });
  });

  it("asks the store no more than its pool's tries allow while no pod answers: each request had cost three commands", async () => {
    for (const attempts of [1, 2]) {
      let now = 1_800_000_000_000;
      const stage = await scene(2, { retry: { attempts } }, () => now);
      const { dead, ask, home, others } = stage;
      dead.add(home).add(others[0]!);
      const asked = stage.countSwaps();
      for (let i = 0; i < 400; i++) {
        now += 10;
        expect(await ask()).toMatchObject({ status: 503 });
      }
      // Thirty moves in ten seconds and a fifth of 400: each is asked for, made, and taken back. It had been some 1,200.
      expect(asked()).toBeLessThan(3 * (30 + 80) + 10);
      dead.delete(home);
      expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
    }
  });

  it("is left in the store where it was when there is nowhere else: the store had named a pod that never answered", async () => {
    const { edge, dead, ask, home, token } = await scene(2);
    const { sid } = await token();
    dead.add("web-0").add("web-1");
    expect(await ask()).toMatchObject({ status: 503 });
    expect((await edge.store.read(sid))?.pod).toBe((await token()).pod);
    dead.clear();
    expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
  });
});

describe("a session that an operator moved to a pod that is dead", () => {
  it("is told to have left that pod, not the one where it ends", async () => {
    const stage = await scene(2);
    const { edge, dead, ask, home, token } = stage;
    const { sid } = await token();
    const target = home === "web-0" ? "web-1" : "web-0";
    await moveTo(stage, target);
    dead.add(target);
    // It had stood in the ledger as a break from its pod to itself.
    expect(await ask()).toMatchObject({
      status: 200,
      outcome: "moved",
      from: target,
      pod: home,
      cause: "pod-gone",
    });
    // The first the coordinator has told already.
    expect(edge.edge.breaks).toMatchObject([
      { sid, epoch: 2, from: home, to: target, cause: "moved-by-operator" },
      { sid, epoch: 3, from: target, to: home, cause: "pod-gone" },
    ]);
  });
});

describe("a session of a pool that waits for its pods", () => {
  /** Moved to another pod, which is down since; this edge has not heard of the move. */
  async function moved() {
    const stage = await scene(3, { failover: "none", retry: { attempts: 1 } });
    const { token, podOf, others, moveInStore, health } = stage;
    const to = podOf(others[0]!);
    await moveInStore(to.id);
    health({ [to.id]: "down" });
    const { sid, epoch, pod } = await token();
    return { ...stage, sid, epoch, pod, to };
  }

  it("waits for the pod that the store names: asked for the first time, an edge had moved it on", async () => {
    const { edge, ask, home, sid, epoch, to, health } = await moved();
    health({ [home]: "drained", [to.id]: "down" });
    expect(await ask()).toMatchObject({ status: 503 });
    expect(await edge.store.read(sid)).toMatchObject({ epoch: epoch + 1, pod: to.tag });
    health({ [home]: "drained" });
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", pod: to.id });
  });

  it("waits at its cookie's pod where that keeps it", async () => {
    const { edge, ask, home, sid, epoch, pod, to, health } = await moved();
    edge.edge.settlements.set(sid, { epoch, pod, ahead: true });
    for (let i = 0; i < 2; i++)
      expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
    expect(await edge.store.read(sid)).toMatchObject({ epoch: epoch + 1, pod: to.tag });
    health({});
    edge.edge.settlements.set(sid, { epoch, pod, ahead: true });
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", pod: to.id });
  });
});

describe("a session that an operator moved", () => {
  it("there and back while its client was away has not moved: it had been told from its pod to itself", async () => {
    const stage = await scene(2);
    const { edge, ask, home, others, token } = stage;
    await moveTo(stage, others[0]!);
    await moveTo(stage, home);
    expect(await ask()).toMatchObject({ outcome: "kept", pod: home });
    expect(edge.edge.breaks).toEqual([]);
    expect((await token()).epoch).toBe(3);
  });

  it("is not taken back by an edge that cannot reach its new pod: that move was not the edge's", async () => {
    const stage = await scene(2);
    const { edge, dead, ask, others, token } = stage;
    const { sid } = await token();
    await moveTo(stage, others[0]!);
    dead.add("web-0").add("web-1");
    expect(await ask("POST")).toMatchObject({ status: 502 });
    expect(await edge.store.read(sid)).toMatchObject({ epoch: 2, pod: stage.podOf(others[0]!).tag });
  });
});

describe("a session that is away from a dead home", () => {
  it("is renewed as any other: it had ended by silence, though its client never fell silent", async () => {
    let now = 1_800_000_000_000;
    const dead = new Set<string>();
    const edge = await TestEdge.start({
      config: config(2, { failover: "temporary", affinity: [{ cookie: { idle: "10m" } }] }),
      now: () => now,
      pod: ({ pod: { id } }) => (dead.has(id) ? "connect" : new Response(id)),
      connects: (id) => !dead.has(id),
    });
    const first = await edge.ask(URL);
    dead.add(await first.text());
    let cookie = cookiesOf(first)[0]!.join("=");
    let renewals = 0;
    for (let minute = 0; minute < 30; minute++) {
      now += 60_000;
      const answer = await edge.ask(URL, { headers: { cookie } });
      await edge.idle();
      const [set] = cookiesOf(answer);
      if (set === undefined) continue;
      cookie = set.join("=");
      renewals++;
    }
    expect(renewals).toBeGreaterThan(8);
    expect(edge.edge.breaks).toMatchObject([{ cause: "pod-gone" }]);
  });
});

describe("a home that connects and does not serve", () => {
  it("is not told as a move to where the session never left", async () => {
    let now = 1_800_000_000_000;
    const dead = new Set<string>();
    const deaf = new Set<string>();
    const edge = await TestEdge.start({
      config: config(2, { failover: "temporary" }),
      now: () => now,
      pod: ({ pod: { id } }) => (dead.has(id) || deaf.has(id) ? "connect" : new Response(id)),
      connects: (id) => !dead.has(id),
    });
    const first = await edge.ask(URL);
    const home = await first.text();
    let cookie = cookiesOf(first)[0]!.join("=");
    dead.add(home);
    const moved = await edge.ask(URL, { headers: { cookie } });
    cookie = cookiesOf(moved)[0]!.join("=");
    await edge.idle();
    const away = await moved.text();
    expect(edge.edge.breaks).toHaveLength(1);
    // Back, as far as a connection tells; but what is sent to it is lost, and no second probe finds it again.
    dead.clear();
    deaf.add(home);
    now += 6000;
    const answer = await edge.ask(URL, { headers: { cookie } });
    await edge.idle();
    expect(await answer.text()).toBe(away);
    expect(answer.headers.get("mooring-decision")).toMatch(/^kept; /);
    expect(edge.edge.breaks).toHaveLength(1);
  });
});

describe("a config that comes while a request waits", () => {
  it("changes nothing of how the request's own view stands: pods had been masked by their places in the new one", async () => {
    const { View } = await import("../../src/route/view.ts");
    const { testCore } = await import("../support/core.ts");
    const { edge } = await scene(3, { policy: "random" });
    const [old] = edge.view.pools;
    const [first, second, third] = old!.pods;
    second!.suspect(Date.now());
    // The next config lists them the other way round, and adopts them.
    const pools = edge.view.snapshot.pools.map((pool) => {
      const pods = [...pool.pods].reverse().map((pod, index) => ({ ...pod, index }));
      return { ...pool, pods: pods.slice(0, 2) };
    });
    const snapshot = { ...edge.view.snapshot, revision: 2, pools };
    const scopes = snapshot.scopes.map((scope) => ({ ...scope, pools: [pools[0]!] }));
    new View({ incarnation: 1, revision: 2 }, { ...snapshot, scopes }, [], testCore(), edge.view, Date.now());
    expect([first, second, third].map((pod) => pod!.pod.index)).toEqual([0, 1, 0]);
    expect([...old!.standing(Date.now()).out]).toEqual([0, 1, 0]);
  });
});
