import { beforeEach, expect, it } from "vitest";
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
      affinity: [{ learn: { header: "Mcp-Session-Id", timeout: "1h" } }],
    },
  },
  routes: [{ pool: "web" }],
};

/** A store that can be away, or keep its answers to itself until they are let go. */
class Store extends MemoryStore {
  away = false;
  held: (() => void)[] | undefined;

  override async swap(swap: Swap): Promise<Swapped> {
    if (this.away) throw new Error("the store is away");
    const answer = await super.swap(swap);
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
