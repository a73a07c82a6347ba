import { beforeEach, describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { cookiesOf, type EdgeOptions, outcomeOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";

/** What an edge tells the ledger of breaks, and what it had better keep to itself. */

const IDS = ["web-0", "web-1", "web-2", "web-3"];
const URL = "http://shop.test/";

let now: number;
let store: MemoryStore;

beforeEach(() => {
  now = 1_800_000_000_000;
  store = new MemoryStore();
});

function start(affinity?: object[], more: Partial<EdgeOptions> = {}): Promise<TestEdge> {
  const pods = IDS.map((id, i) => ({ id, url: `http://127.0.0.1:${i + 1}` }));
  const config = { version: 1, explain: true, pools: { web: { pods, affinity } }, routes: [{ pool: "web" }] };
  return TestEdge.start({ config, store, now: () => now, ...more });
}

async function ask(edge: TestEdge, headers: Record<string, string> = {}, path = "") {
  const answer = await edge.ask(URL + path, { headers });
  await edge.idle();
  const pod = await answer.text();
  return { pod, outcome: outcomeOf(answer), cookie: cookiesOf(answer)[0]?.join("=") ?? "" };
}

const tagOf = ({ view }: TestEdge, id: string) =>
  view.pools[0]!.pods.find(({ pod }) => pod.id === id)!.pod.tag;
const disable = (edge: TestEdge, id: string) => edge.health({ [tagToHex(tagOf(edge, id))]: "disabled" });
const told = ({ edge }: TestEdge) =>
  edge.breaks.splice(0).map(({ at: _, sid: __, pool: ___, ...rest }) => rest);

describe("a client that never takes its new cookie", () => {
  /** Each of its requests told of its move again: with the coordinator away for long it pushed out what others had to tell. */
  it("has its move told once, and again when its session has been silent for as long as it may", async () => {
    const edge = await start([{ cookie: { idle: "30m" } }]);
    const { pod: a, cookie } = await ask(edge);
    disable(edge, a);
    const { pod: b } = await ask(edge, { cookie });
    for (let i = 0; i < 5; i++)
      expect(await ask(edge, { cookie })).toMatchObject({ pod: b, outcome: "moved" });
    const move = { epoch: 2, from: a, to: b, cause: "moved-by-operator" };
    expect(told(edge)).toEqual([move]);
    now += 29 * 60_000;
    await ask(edge, { cookie });
    expect(told(edge)).toEqual([]);
    now += 60_000;
    await ask(edge, { cookie });
    expect(told(edge)).toEqual([move]);
  });
});
