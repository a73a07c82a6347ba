import { describe, expect, it } from "vitest";
import { Clues } from "../../src/metrics/clues.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";

const START = 1_800_000_000_000;
const pods = ["a", "b"].map((id, i) => ({ id, url: `http://127.0.0.1:${i + 1}` }));

/** An edge that notices, at a time that is set. */
async function noticing(affinity: unknown, secrets?: { current: string }) {
  const time = { now: START };
  const config = { version: 1, pools: { web: { pods, affinity } }, routes: [{ pool: "web" }] };
  const edge = await TestEdge.start({ config, now: () => time.now, ...(secrets && { secrets }) });
  const clues = new Clues(() => 0);
  Object.assign(edge.edge, { clues });
  const ask = async (headers: Record<string, string> = {}) => {
    const response = await edge.ask("http://shop.test/", { headers });
    return cookiesOf(response)
      .map(([name, value]) => `${name}=${value}`)
      .join("; ");
  };
  return { time, clues, ask };
}

describe("what a request leaves for checks", () => {
  it("is nothing of a warm one but the sample, and of one with no session not even that", async () => {
    const { clues, ask } = await noticing({ cookie: {} });
    const cookie = await ask();
    expect(Object.keys(clues.take())).toEqual(["sampled"]);
    for (let i = 0; i < 5; i++) await ask({ cookie });
    const { sampled, ...rest } = clues.take();
    expect(Object.values(sampled!)).toEqual([1]);
    expect(rest).toEqual({});
    const none = await noticing("none");
    await none.ask();
    expect(none.clues.take()).toEqual({});
  });

  it("is the pause of a client that comes back, and whether it was surely longer than the idle time", async () => {
    const { time, clues, ask } = await noticing({ cookie: { idle: "30m" } });
    const cookie = await ask();
    time.now += 20 * 60_000;
    const renewed = await ask({ cookie });
    expect(clues.take().gaps).toEqual({ '["web","within","2048"]': 1 });
    // Longer than the idle time, and within its leeway: the session lives, but not by its idle time.
    time.now += 38 * 60_000 + 30_000;
    await ask({ cookie: renewed });
    expect(Object.keys(clues.take().gaps!)).toEqual(['["web","over","4096"]']);
    time.now += 3 * 3600_000;
    await ask({ cookie: renewed });
    await ask({ cookie: renewed });
    expect(clues.take().gaps).toEqual({ '["web","over","16384"]': 1 });
  });

  it("is the end of a key's session, and none of its warm requests", async () => {
    const { time, clues, ask } = await noticing([{ header: { name: "X-User", timeout: "1m" } }]);
    await ask({ "x-user": "ann" });
    clues.take();
    time.now += 30_000;
    await ask({ "x-user": "ann" });
    expect(clues.take().gaps).toEqual({ '["web","within","32"]': 1 });
    time.now += 90_000;
    await ask({ "x-user": "ann" });
    expect(clues.take().gaps).toEqual({ '["web","over","64"]': 1 });
  });

  it("is, of an address alone, who looks it up, and whether a new one was here before", async () => {
    const { clues, ask } = await noticing(["client-ip"]);
    await ask({ "user-agent": "one", cookie: "seen=1" });
    const { agents, arrivals } = clues.take();
    expect(Object.values(agents!)).toEqual([1]);
    expect(arrivals).toEqual({ '["web","cookies"]': 1 });
    // No address, no User-Agent, nothing of a cookie.
    expect(JSON.stringify([agents, arrivals])).not.toMatch(/203\.0\.113|one|seen/);
    const header = await noticing([{ header: "X-User" }]);
    await header.ask({ "x-user": "ann", cookie: "seen=1" });
    const { agents: of, arrivals: at } = header.clues.take();
    expect([of, at]).toEqual([undefined, undefined]);
  });

  it("is a token that opens with no secret of this edge, once, and what was sealed", async () => {
    const other = await noticing({ cookie: {} }, { current: "another-secret-of-an-edge-of-32-bytes" });
    const foreign = await other.ask();
    const { clues, ask } = await noticing({ cookie: {} });
    const own = await ask({ cookie: foreign });
    await ask({ cookie: own });
    expect(clues.take().tokens).toEqual({ '["web","unknown"]': 1 });
    expect(clues.takeSealed()).toBe(1);
  });
});
