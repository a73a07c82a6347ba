import { beforeEach, describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";

/** Each of these was found by the simulator: what becomes of a session whose new pod turns out to be dead. */

const URL = "http://shop.test/";
const config = (pool: object) => ({
  version: 1,
  explain: true,
  pools: {
    web: {
      pods: [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
      failover: "none",
      ...pool,
    },
  },
  routes: [{ pool: "web" }],
});

const IDS = ["web-0", "web-1", "web-2"];
const dead = new Set<string>();
const startEdge = (store: MemoryStore, pool: object) =>
  TestEdge.start({
    config: config(pool),
    store,
    pod: ({ pod: { id } }) => (dead.has(id) ? "connect" : new Response(id)),
    connects: (id) => !dead.has(id),
  });

async function ask(edge: TestEdge, headers: Record<string, string>) {
  const answer = await edge.ask(URL, { headers });
  await edge.idle();
  const [set] = cookiesOf(answer);
  const [outcome = "", ...pairs] = (answer.headers.get("mooring-decision") ?? "").split("; ");
  const said = Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string]));
  return { status: answer.status, outcome, ...said, cookie: set?.join("=") } as Record<string, unknown>;
}

const tagOf = ({ view }: TestEdge, id: unknown) =>
  view.pools[0]!.pods.find(({ pod }) => pod.id === id)!.pod.tag;

beforeEach(() => dead.clear());

describe("a session of a pool that waits, whose pod was disabled", () => {
  it.each(IDS)("goes on when %s is dead, which it never was at: each request had got 503", async (id) => {
    const edge = await startEdge(new MemoryStore(), {});
    const first = await ask(edge, {});
    const from = first.pod;
    edge.health({ [tagToHex(tagOf(edge, from))]: "disabled" });
    dead.add(id);
    const answer = await ask(edge, { cookie: String(first.cookie) });
    expect(answer).toMatchObject({ status: 200, outcome: "moved", from, cause: "moved-by-operator" });
    expect([id, from]).not.toContain(answer.pod);
    // Whoever asks the store is told the same.
    const [held] = [...edge.store.bindings.values()];
    expect(held).toMatchObject({ pod: tagOf(edge, answer.pod), cause: "moved-by-operator" });
    expect(edge.edge.breaks).toMatchObject([{ from, to: answer.pod, cause: "moved-by-operator" }]);
  });

  it("waits for its new pod once that has served it", async () => {
    const edge = await startEdge(new MemoryStore(), {});
    const first = await ask(edge, {});
    edge.health({ [tagToHex(tagOf(edge, first.pod))]: "disabled" });
    const moved = await ask(edge, { cookie: String(first.cookie) });
    dead.add(String(moved.pod));
    expect(await ask(edge, { cookie: String(moved.cookie) })).toMatchObject({ status: 503 });
    dead.clear();
    expect(await ask(edge, { cookie: String(moved.cookie) })).toMatchObject({
      outcome: "kept",
      pod: moved.pod,
    });
  });
});

describe("a key that one edge had met without the store, and the store elsewhere", () => {
  const key = { "x-client": "ann" };
  let store: MemoryStore;
  let here: TestEdge;
  let there: TestEdge;
  let guess: unknown;
  let bound: string;

  beforeEach(async () => {
    store = new MemoryStore();
    const pool = { affinity: [{ header: { name: "x-client" } }] };
    here = await startEdge(store, pool);
    there = await startEdge(store, pool);
    const { swap } = store;
    store.swap = () => Promise.reject(new Error("the store is down"));
    guess = (await ask(here, key)).pod;
    store.swap = swap;
    // Meanwhile another edge, with another view, has bound it to another pod.
    bound = IDS.find((id) => id !== guess)!;
    there.health(
      Object.fromEntries(IDS.filter((id) => id !== bound).map((id) => [tagToHex(tagOf(there, id)), "down"])),
    );
    expect(await ask(there, key)).toMatchObject({ outcome: "bound", pod: bound });
    for (const edge of [here, there]) edge.health({ [tagToHex(tagOf(edge, bound))]: "disabled" });
  });

  it("is taken back to where it was moved from when nothing answers: the edge's guess had come into the store", async () => {
    for (const id of IDS) dead.add(id);
    expect(await ask(here, key)).toMatchObject({ status: 503 });
    const [held] = [...store.bindings.values()];
    expect(held).toMatchObject({ pod: tagOf(here, bound), cause: "store-adopt" });
  });

  it("left its pod as that was disabled, for all edges: the others had been told that it was gone", async () => {
    for (const id of IDS) dead.add(id);
    await ask(here, key);
    dead.clear();
    const answer = await ask(there, key);
    expect(answer).toMatchObject({ status: 200, from: bound, cause: "moved-by-operator" });
    expect(there.edge.breaks).toMatchObject([{ from: bound, to: answer.pod, cause: "moved-by-operator" }]);
    expect(await ask(here, key)).toMatchObject({ status: 200, pod: answer.pod });
  });
});
