import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { PROVISIONAL } from "../../src/sessions/token.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";

/** Each of these was found by the simulator: a schedule of a few events after which a session was lost, or told wrongly. */

const URL = "http://shop.test/";
const config = (pods: number, pool: object = {}) => ({
  version: 1,
  explain: true,
  pools: {
    web: {
      pods: Array.from({ length: pods }, (_, i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
      ...pool,
    },
  },
  routes: [{ pool: "web" }],
});

/** An edge whose pods can die, and one session at it. */
async function scene(pods: number, pool: object = {}) {
  const dead = new Set<string>();
  const edge = await TestEdge.start({
    config: config(pods, pool),
    pod: ({ pod: { id } }) => (dead.has(id) ? "connect" : new Response(id)),
    connects: (id) => !dead.has(id),
  });
  let cookie = "";
  const ask = async (method = "GET") => {
    const answer = await edge.ask(URL, { method, headers: cookie === "" ? {} : { cookie } });
    await edge.idle();
    const [set] = cookiesOf(answer);
    if (set !== undefined) cookie = set.join("=");
    const [outcome = "", ...pairs] = (answer.headers.get("mooring-decision") ?? "").split("; ");
    const parts = pairs.map((pair) => pair.split("=") as [string, string]);
    return { status: answer.status, outcome, ...Object.fromEntries(parts) } as Record<string, unknown>;
  };
  const home = String((await ask()).pod);
  const token = async () =>
    (await edge.edge.sealer.open("web", cookie.slice(cookie.indexOf("=") + 1)))!.token;
  const podOf = (id: string) => edge.view.pools[0]!.pods.find(({ pod }) => pod.id === id)!.pod;
  const others = edge.view.pools[0]!.pods.map(({ pod }) => pod.id).filter((id) => id !== home);
  return { edge, dead, ask, home, token, podOf, others };
}

type Scene = Awaited<ReturnType<typeof scene>>;

describe("a session whose pod is dead", () => {
  it("moves though nothing is tried twice: each GET had failed at the dead pod for ever", async () => {
    const { dead, ask, home } = await scene(3, { retry: { attempts: 1 } });
    dead.add(home);
    expect(await ask()).toMatchObject({ status: 503 });
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", from: home, cause: "pod-gone" });
    expect(await ask()).toMatchObject({ outcome: "kept" });
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
    const { edge, dead, ask, home, token, podOf } = await scene(2);
    const { sid, exp, epoch } = await token();
    const target = home === "web-0" ? "web-1" : "web-0";
    const to = podOf(target).tag;
    const created = Date.now();
    const times = { created, exp: exp * 1000, via: "web@*" };
    const { pod } = await token();
    const swap = {
      op: "rebind",
      sid,
      epoch,
      pod,
      to,
      home: to,
      cause: "moved-by-operator",
      ...times,
    } as const;
    await edge.store.swap(swap);
    const entry = {
      seq: 1,
      sid,
      epoch: 2,
      to: tagToHex(to),
      cause: "moved-by-operator",
      exp: exp * 1000,
    } as const;
    edge.edge.feed.hear([entry], 1, created);
    dead.add(target);
    // It had stood in the ledger as a break from its pod to itself.
    expect(await ask()).toMatchObject({
      status: 200,
      outcome: "moved",
      from: target,
      pod: home,
      cause: "pod-gone",
    });
    expect(edge.edge.breaks).toMatchObject([{ sid, epoch: 3, from: target, to: home, cause: "pod-gone" }]);
  });
});

describe("a session of a pool that waits for its pods", () => {
  /** Moved to another pod, which is down since; this edge has not heard of the move. */
  async function moved() {
    const stage = await scene(3, { failover: "none", retry: { attempts: 1 } });
    const { edge, token, podOf, others } = stage;
    const { sid, exp, epoch, pod } = await token();
    const to = podOf(others[0]!);
    const times = { created: Date.now(), exp: exp * 1000, via: "web@*" };
    const cause = "moved-by-operator";
    await edge.store.swap({ op: "rebind", sid, epoch, pod, to: to.tag, home: to.tag, cause, ...times });
    const [here, there] = [tagToHex(pod), tagToHex(to.tag)];
    edge.health({ [there]: "down" });
    return { ...stage, sid, epoch, pod, to, here, there };
  }

  it("waits for the pod that the store names: asked for the first time, an edge had moved it on", async () => {
    const { edge, ask, sid, epoch, to, here, there } = await moved();
    edge.health({ [here]: "drained", [there]: "down" });
    expect(await ask()).toMatchObject({ status: 503 });
    expect(await edge.store.read(sid)).toMatchObject({ epoch: epoch + 1, pod: to.tag });
    edge.health({ [here]: "drained" });
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", pod: to.id });
  });

  it("waits at its cookie's pod where that keeps it", async () => {
    const { edge, ask, home, sid, epoch, pod, to } = await moved();
    edge.edge.settlements.set(sid, { epoch, pod, ahead: true });
    for (let i = 0; i < 2; i++)
      expect(await ask()).toMatchObject({ status: 200, outcome: "kept", pod: home });
    expect(await edge.store.read(sid)).toMatchObject({ epoch: epoch + 1, pod: to.tag });
    edge.health({});
    edge.edge.settlements.set(sid, { epoch, pod, ahead: true });
    expect(await ask()).toMatchObject({ status: 200, outcome: "moved", pod: to.id });
  });
});

describe("a session that an operator moved", () => {
  /** As the coordinator does it: in the store, and on the feed. */
  async function moveTo({ edge, token, podOf }: Scene, id: string): Promise<void> {
    const { sid, exp } = await token();
    const { epoch, pod, home, created } = (await edge.store.read(sid))!;
    const to = podOf(id).tag;
    const times = { created, exp: exp * 1000, via: "web@*" };
    const swap = {
      op: "rebind",
      sid,
      epoch,
      pod,
      to,
      home: to,
      cause: "moved-by-operator",
      ...times,
    } as const;
    await edge.store.swap({ ...swap, home });
    const entry = { seq: epoch, sid, epoch: epoch + 1, to: tagToHex(to), cause: swap.cause, exp: exp * 1000 };
    edge.edge.feed.hear([entry], epoch, Date.now());
  }

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
