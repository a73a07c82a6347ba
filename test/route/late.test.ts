import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { Guard } from "../../src/sessions/guard.ts";
import { DOUBTED, PROVISIONAL } from "../../src/sessions/token.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";

const CONFIG = {
  version: 1,
  explain: true,
  pools: { web: { pods: [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })) } },
  routes: [{ pool: "web" }],
};
const URL = "http://shop.test/";

/** A session at an edge: its cookie, and the state in which its pod is down. */
async function session(edge: TestEdge) {
  const answer = await edge.ask(URL);
  await edge.idle();
  const [[name, value] = ["", ""]] = cookiesOf(answer);
  const pod = edge.view.pools[0]!.pods.find((one) => one.pod.id === decisionOf(answer).pod)!.pod;
  return {
    headers: { cookie: `${name}=${value}` },
    value,
    down: { [tagToHex(pod.tag)]: "down" as const },
    pod,
  };
}

function decisionOf(answer: Response): Record<string, string> {
  const [outcome = "", ...pairs] = (answer.headers.get("mooring-decision") ?? "").split("; ");
  return { outcome, ...Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string])) };
}

async function tokenOf(edge: TestEdge, answer: Response) {
  return (await edge.edge.sealer.open("web", cookiesOf(answer)[0]![1]))!.token;
}

describe("requests that come late with the cookie from before a move", () => {
  it("ask the store no more: a page of thirty parts had cost it a compare-and-set for each that was not in time", async () => {
    const edge = await TestEdge.start({ config: CONFIG });
    const { headers, down } = await session(edge);
    edge.health(down);
    const calls = edge.store.calls;
    const ends = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const answer = await edge.ask(URL, { headers });
      const { pod, epoch } = await tokenOf(edge, answer);
      ends.add(`${decisionOf(answer).outcome} ${pod} ${epoch}`);
    }
    expect(ends.size).toBe(1);
    expect([...ends][0]).toMatch(/^moved [0-9]+ 2$/);
    expect(edge.store.calls - calls).toBe(1);
  });

  it("ask it again after a heartbeat's period: another edge may have moved it on", async () => {
    let now = 1_800_000_000_000;
    const edge = await TestEdge.start({ config: CONFIG, now: () => now });
    const { headers, down } = await session(edge);
    edge.health(down);
    await edge.ask(URL, { headers });
    const calls = edge.store.calls;
    now += 1001;
    await edge.ask(URL, { headers });
    expect(edge.store.calls - calls).toBe(1);
  });

  it("follow to where it went also when their own pod is back", async () => {
    const edge = await TestEdge.start({ config: CONFIG });
    const { headers, down, pod } = await session(edge);
    edge.health(down);
    const moved = decisionOf(await edge.ask(URL, { headers }));
    edge.health({});
    const late = decisionOf(await edge.ask(URL, { headers }));
    expect(late).toMatchObject({ outcome: "moved", pod: moved.pod, from: pod.id });
  });
});

it("a session is followed to where a store has it that is late each time: it stayed for ever where its cookie said", async () => {
  let now = 1_800_000_000_000;
  const edge = await TestEdge.start({ config: CONFIG, now: () => now });
  const { headers, value, pod } = await session(edge);
  const { token } = (await edge.edge.sealer.open("web", value))!;
  const to = edge.view.pools[0]!.pods.find((one) => one.pod !== pod)!.pod;
  const times = { created: now, exp: token.exp * 1000, via: "web@*" };
  const cause = "moved-by-operator";
  await edge.store.swap({ ...token, op: "rebind", to: to.tag, home: to.tag, cause, ...times });
  const timers = new Set<() => void>();
  const after = (_: number, expire: () => void) => {
    timers.add(expire);
    return () => void timers.delete(expire);
  };
  Object.assign(edge.edge, { guard: new Guard({ now: () => now }, after) });
  const { swap } = edge.store;
  edge.store.swap = async (asked) => {
    await new Promise((resolve) => setImmediate(resolve));
    now += 200;
    for (const expire of timers) expire();
    return swap.call(edge.store, asked);
  };
  edge.edge.settlements.set(token.sid, { epoch: token.epoch, pod: token.pod, ahead: true });
  expect(decisionOf(await edge.ask(URL, { headers }))).toMatchObject({ outcome: "kept", pod: pod.id });
  await edge.idle();
  const moved = await edge.ask(URL, { headers });
  expect(decisionOf(moved)).toMatchObject({ outcome: "moved", pod: to.id, cause });
  // As any answer that is followed, it is asked for again behind the next response.
  expect(await tokenOf(edge, moved)).toMatchObject({ epoch: 2, pod: to.tag, flags: DOUBTED });
});

it("a session that is born while the store is known to be away is told to it by whichever edge sees it next", async () => {
  let now = 1_800_000_000_000;
  const store = new MemoryStore();
  const [here, there] = await Promise.all(
    [0, 1].map(() => TestEdge.start({ config: CONFIG, store, now: () => now })),
  );
  const create = store.create;
  store.create = () => Promise.reject(new Error("the store is away"));
  // Five failures in a row: from then on this edge asks it no more.
  for (let i = 0; i < 5; i++) await session(here!);
  const born = await here!.ask(URL);
  await here!.idle();
  expect((await tokenOf(here!, born)).flags).toBe(PROVISIONAL);
  store.create = create;
  now += 6000;
  const headers = { cookie: cookiesOf(born)[0]!.join("=") };
  expect(decisionOf(await there!.ask(URL, { headers })).outcome).toBe("kept");
  await there!.idle();
  const { sid } = await tokenOf(here!, born);
  expect(store.bindings.get(sid)).toMatchObject({ epoch: 1, state: "A" });
  const again = await there!.ask(URL, { headers });
  expect((await tokenOf(there!, again)).flags).toBe(0);
});
