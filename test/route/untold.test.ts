import { beforeEach, describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import { Guard } from "../../src/sessions/guard.ts";
import { outcomeOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";

const START = 1_800_000_000_000;
const CONFIG = {
  version: 1,
  explain: true,
  pools: {
    web: {
      policy: "random",
      pods: [0, 1, 2, 3].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
      affinity: [
        { learn: { header: "Mcp-Session-Id", timeout: "1h" } },
        { learn: { cookie: "SESSIONID", timeout: "1h" } },
      ],
    },
  },
  routes: [{ pool: "web" }],
};

/** A store that can be away, or keep its answers to itself until they are let go. */
class Store extends MemoryStore {
  away = false;
  held: (() => void)[] | undefined;

  /** Does what it is told, and its answers are lost. */
  lost = false;

  override async swap(swap: Swap): Promise<Swapped> {
    if (this.away) throw new Error("the store is away");
    const answer = await super.swap(swap);
    if (this.lost) throw new Error("the answer was lost");
    if (this.held !== undefined) await new Promise<void>((resolve) => this.held!.push(resolve));
    return answer;
  }
}

let now: number;
let store: Store;
/** What each waits at most, to be called by hand. */
let timers: (() => void)[];

async function started(): Promise<TestEdge> {
  const edge = await TestEdge.start({
    config: CONFIG,
    store,
    now: () => now,
    pod: ({ pod, rest }) => {
      const [what, name = ""] = rest.slice(1).split("/");
      const headers: Record<string, string> = {};
      if (what === "login") headers["mcp-session-id"] = name;
      if (what === "enter") headers["set-cookie"] = `SESSIONID=${name}`;
      if (what === "logout") headers["set-cookie"] = "SESSIONID=; Max-Age=0";
      return new Response(pod.id, { headers });
    },
  });
  return edge;
}

const login = (edge: TestEdge, name: string) => edge.ask(`http://mcp.test/login/${name}`);
const visit = (edge: TestEdge, name: string) =>
  edge.ask("http://mcp.test/", { headers: { "mcp-session-id": name } });

beforeEach(() => {
  now = START;
  store = new Store();
  timers = [];
});

it("tells the store what pods minted while it was away as soon as it answers anybody, and only once", async () => {
  // Only the client's next request at the same isolate told it: at any other its session was nobody's, though its pod lived.
  const [here, there] = [await started(), await started()];
  store.away = true;
  const homes = new Map<string, string>();
  for (let i = 0; i < 4; i++) {
    const response = await login(here, `m-${i}`);
    expect(response.headers.get("mooring-decision")).toContain("provisional=true");
    homes.set(`m-${i}`, await response.text());
  }
  await here.idle();
  expect(store.bindings.size).toBe(0);
  store.away = false;
  const other = await login(here, "other");
  expect(other.headers.get("mooring-decision")).not.toContain("provisional");
  await here.idle();
  expect(store.bindings.size).toBe(5);
  for (const [name, home] of homes) {
    const response = await visit(there, name);
    expect([await response.text(), outcomeOf(response)]).toEqual([home, "kept"]);
  }
  const { calls } = store;
  await login(here, "another");
  await here.idle();
  expect(store.calls).toBe(calls + 1);
});

it("has them known here as the store has them: the next request asks nobody", async () => {
  const edge = await started();
  store.away = true;
  const home = await (await login(edge, "m")).text();
  store.away = false;
  await login(edge, "other");
  await edge.idle();
  const { calls } = store;
  const response = await visit(edge, "m");
  expect([await response.text(), outcomeOf(response)]).toEqual([home, "kept"]);
  expect(response.headers.get("mooring-decision")).not.toContain("provisional");
  expect(store.calls).toBe(calls);
});

it("tells it also when a key is looked up, and the one that is looked up not twice", async () => {
  const edge = await started();
  store.away = true;
  await login(edge, "m-0");
  await login(edge, "m-1");
  store.away = false;
  await visit(edge, "m-0");
  await edge.idle();
  expect([store.bindings.size, store.calls]).toEqual([2, 2]);
  expect(edge.edge.untold.size).toBe(0);
});

it("goes on waiting when the store fails again", async () => {
  const edge = await started();
  store.away = true;
  await login(edge, "m");
  store.away = false;
  const swap = store.swap.bind(store);
  let left = 1;
  store.swap = async (what) => {
    if (left-- <= 0) throw new Error("the store is away");
    return swap(what);
  };
  await login(edge, "other");
  await edge.idle();
  expect([...edge.edge.untold.keys()]).toHaveLength(1);
  store.swap = swap;
  await login(edge, "another");
  await edge.idle();
  expect([edge.edge.untold.size, store.bindings.size]).toEqual([0, 3]);
});

it("says nothing of a session that has ended since, or left the pod that minted it", async () => {
  const edge = await started();
  store.away = true;
  await login(edge, "old");
  now += 3_600_001;
  store.away = false;
  await login(edge, "other");
  await edge.idle();
  expect([edge.edge.untold.size, store.bindings.size]).toEqual([0, 1]);

  store.away = true;
  const home = await (await login(edge, "moved")).text();
  const { pod } = edge.view.pools[0]!.pods.find(({ pod: { id } }) => id === home)!;
  edge.health({ [tagToHex(pod.tag)]: "down" });
  const elsewhere = await (await visit(edge, "moved")).text();
  expect(elsewhere).not.toBe(home);
  store.away = false;
  await login(edge, "another");
  await edge.idle();
  expect([edge.edge.untold.size, store.bindings.size]).toEqual([0, 2]);
});

it("knows a session by the answer that came too late for the one who logged in", async () => {
  const edge = await started();
  const after = (_: number, expire: () => void) => {
    timers.push(expire);
    return () => undefined;
  };
  Object.assign(edge.edge, { guard: new Guard({ now: () => now }, after) });
  store.held = [];
  const asked = login(edge, "m");
  while (timers.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const expire of timers) expire();
  const response = await asked;
  expect(response.headers.get("mooring-decision")).toContain("provisional=true");
  for (const answer of store.held) answer();
  store.held = undefined;
  await edge.idle();
  expect(edge.edge.untold.size).toBe(0);
  const { calls } = store;
  const again = await visit(edge, "m");
  expect([await again.text(), outcomeOf(again)]).toEqual([await response.text(), "kept"]);
  expect(store.calls).toBe(calls);
});

it("does not begin again what was revoked since: its answer alone was lost, and others had found the session", async () => {
  // It was told as a new one, which the store took for what follows the revocation.
  const [here, there] = [await started(), await started()];
  store.lost = true;
  await login(here, "m");
  store.lost = false;
  expect(outcomeOf(await visit(there, "m"))).toBe("kept");
  const [held] = [...store.bindings.values()];
  const { sid, pod } = held!;
  await store.swap({ ...held!, op: "revoke", to: pod, cause: "revoked" });
  const revoked = () => expect(store.bindings.get(sid)).toMatchObject({ epoch: 2, state: "R" });
  await login(here, "other");
  await here.idle();
  revoked();
  expect(outcomeOf(await visit(here, "m"))).toBe("unkeyed");
  await here.idle();
  revoked();
});

it("asks nobody about what the feed says has ended", async () => {
  const edge = await started();
  store.lost = true;
  await login(edge, "m");
  store.lost = false;
  const [sid] = store.bindings.keys();
  edge.edge.feed.hear([{ seq: 1, sid: sid!, epoch: 2, to: null, cause: "revoked", exp: START * 2 }], 1, now);
  const { calls } = store;
  await login(edge, "other");
  await edge.idle();
  expect([store.calls, edge.edge.untold.size]).toEqual([calls + 1, 0]);
});

it("tells an end that the visits here have put off, and remembers it", async () => {
  // It told the end of when it was minted: other edges had the session end before its time, or it was never told.
  const edge = await started();
  store.away = true;
  await login(edge, "m");
  for (let i = 0; i < 3; i++) {
    now += 30 * 60_000;
    expect(outcomeOf(await visit(edge, "m"))).toBe("kept");
  }
  store.away = false;
  now += 6000;
  await login(edge, "other");
  await edge.idle();
  expect([...store.bindings.values()].map(({ exp }) => exp - now).sort()).toEqual([3_594_000, 3_600_000]);
});

it("knows what waits though memory has no place for its key any more", async () => {
  const edge = await started();
  store.away = true;
  await login(edge, "told");
  const home = await (await login(edge, "asked")).text();
  for (let i = 0; i < 10_001; i++) edge.edge.keyed.set(`x${i}`, { token: {} as never, checked: 0 });
  store.away = false;
  const response = await visit(edge, "asked");
  expect([await response.text(), outcomeOf(response)]).toEqual([home, "kept"]);
  await edge.idle();
  expect(store.bindings.size).toBe(2);
});

it("begins again at the store what a pod has minted again after its end", async () => {
  const edge = await started();
  await login(edge, "m");
  now += 3_601_000;
  store.away = true;
  await login(edge, "m");
  store.away = false;
  await login(edge, "other");
  await edge.idle();
  const [again] = [...store.bindings.values()];
  expect(again).toMatchObject({ epoch: 2, exp: now + 3_600_000 });
  expect(edge.edge.breaks.map(({ epoch, cause }) => `${epoch} ${cause}`)).toEqual(["1 expired-idle"]);
});

describe("a key that its pod takes back", () => {
  const logout = (edge: TestEdge, name: string) =>
    edge.ask("http://mcp.test/logout", { headers: { cookie: `SESSIONID=${name}` } });
  const enter = (edge: TestEdge, name: string) => edge.ask(`http://mcp.test/enter/${name}`);

  it("is no session any more, though the request asked the store for it", async () => {
    // What the look-up had found was remembered again with the response, and the next look-up repaired the store by it.
    const edge = await started();
    await enter(edge, "m");
    now += 5000;
    await logout(edge, "m");
    await edge.idle();
    expect(store.bindings.size).toBe(0);
    for (let i = 0; i < 2; i++) {
      expect(outcomeOf(await edge.ask("http://mcp.test/", { headers: { cookie: "SESSIONID=m" } }))).toBe(
        "unkeyed",
      );
      await edge.idle();
      expect(store.bindings.size).toBe(0);
      now += 5000;
    }
  });

  it("is not told to a store that was away, either", async () => {
    const edge = await started();
    store.away = true;
    await enter(edge, "m");
    now += 2000;
    await logout(edge, "m");
    store.away = false;
    now += 6000;
    await login(edge, "other");
    await edge.idle();
    expect(store.bindings.size).toBe(1);
  });
});
