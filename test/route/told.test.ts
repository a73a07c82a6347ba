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
  edge.breaks.splice(0).map(({ at: _, sid: __, pool: ___, idle: ____, ...rest }) => rest);

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

describe("a key's session that one edge moved without the store, and an operator in it, to the same epoch", () => {
  /** It was told to have moved there again for the operator's reason, which the ledger had: its way from pod to pod was missing. */
  it("goes over to the operator's pod by store-adopt", async () => {
    const edge = await start([{ header: { name: "x-client" } }]);
    const key = { "x-client": "ann" };
    const { pod: a } = await ask(edge, key);
    const swap = edge.store.swap.bind(edge.store);
    edge.store.swap = () => Promise.reject(new Error("away"));
    now += 1500;
    disable(edge, a);
    const { pod: c } = await ask(edge, key);
    expect(told(edge)).toMatchObject([{ epoch: 2, from: a, to: c, cause: "moved-by-operator" }]);
    edge.store.swap = swap;
    const [held] = [...store.bindings.values()];
    const b = IDS.find((id) => id !== a && id !== c)!;
    const to = tagOf(edge, b);
    await swap({ ...held!, op: "rebind", to, home: to, cause: "moved-by-operator" });
    now += 6000;
    expect(await ask(edge, key)).toMatchObject({ pod: b, outcome: "moved" });
    expect(told(edge)).toEqual([{ epoch: 2, from: c, to: b, cause: "store-adopt" }]);
  });
});

describe("a key's session that ended, and that another edge began anew elsewhere", () => {
  const key = { "x-client": "ann" };
  const keyed = () => start([{ header: { name: "x-client", timeout: "1h" } }]);

  /** @returns the pod where it was, and where it begins after it was revoked, of which `two` hears nothing */
  async function revoked(one: TestEdge, two: TestEdge, heard = false) {
    const { pod: a } = await ask(one, key);
    expect((await ask(two, key)).pod).toBe(a);
    const [held] = [...store.bindings.values()];
    const { sid, exp } = held!;
    const { epoch } = await store.swap({ ...held!, op: "revoke", to: held!.pod, cause: "revoked" });
    if (heard) one.edge.feed.hear([{ seq: 1, sid, epoch, to: null, cause: "revoked", exp }], 1, now);
    disable(one, a);
    now += 1500;
    const { pod: c } = await ask(one, key);
    expect(c).not.toBe(a);
    expect(told(one)).toEqual([]);
    return { a, c };
  }

  /** The epoch that begins anew has the end for its cause, and was told as a move that was revoked. */
  it("is kept there by an edge that remembers it from before: nobody was moved", async () => {
    const [one, two] = [await keyed(), await keyed()];
    const { c } = await revoked(one, two);
    expect(await ask(two, key)).toMatchObject({ pod: c, outcome: "kept" });
    expect(told(two)).toEqual([]);
    expect(await ask(two, key)).toMatchObject({ pod: c, outcome: "kept" });
  });

  /** Of what began above an epoch that was known to be revoked the store had no cause, as of a move that it was told later. */
  it("nor where whoever began it had heard of the end", async () => {
    const [one, two] = [await keyed(), await keyed()];
    const { c } = await revoked(one, two, true);
    expect(await ask(two, key)).toMatchObject({ pod: c, outcome: "kept" });
    expect(told(two)).toEqual([]);
  });

  it("nor by one that finds its pod from before gone, in the moment that it knew it for sure", async () => {
    const [one, two] = [await keyed(), await keyed()];
    const { a, c } = await revoked(one, two);
    now -= 1500;
    disable(two, a);
    expect(await ask(two, key)).toMatchObject({ pod: c, outcome: "kept" });
    expect(told(two)).toEqual([]);
  });

  it("and moves on from where it began, and from nowhere else", async () => {
    const [one, two] = [await keyed(), await keyed()];
    const { a, c } = await revoked(one, two);
    now -= 1500;
    two.health({ [tagToHex(tagOf(two, a))]: "disabled", [tagToHex(tagOf(two, c))]: "down" });
    const { pod: d, outcome } = await ask(two, key);
    expect(outcome).toBe("moved");
    expect(told(two)).toEqual([{ epoch: 4, from: c, to: d, cause: "pod-gone" }]);
  });

  it("is left by store-adopt where an edge had it without the store: its client was served there", async () => {
    const [one, two] = [await keyed(), await keyed()];
    await ask(one, key);
    for (let i = 0; i < 3; i++) {
      now += 3_700_000;
      await ask(one, key);
    }
    told(one);
    const [held] = [...store.bindings.values()];
    const b = IDS.find((id) => tagOf(one, id) === held!.pod)!;
    disable(two, b);
    const swap = two.store.swap;
    two.store.swap = () => Promise.reject(new Error("away"));
    const { pod: guess } = await ask(two, key);
    two.store.swap = swap;
    two.health({});
    now += 6000;
    expect(await ask(two, key)).toMatchObject({ pod: b, outcome: "moved" });
    expect(told(two)).toEqual([{ epoch: 4, from: guess, to: b, cause: "store-adopt" }]);
  });
});

describe("a session of a key that its pod minted, and that fell silent", () => {
  /** Such a key begins no other session, and what begins one was all that told of the end of the one before. */
  it("is told to have ended, once", async () => {
    const edge = await start([{ learn: { cookie: "SID", timeout: "1h" } }], {
      pod: ({ pod: { id }, rest }) =>
        new Response(id, rest === "/login" ? { headers: { "set-cookie": "SID=ann; Path=/" } } : {}),
    });
    const { pod } = await ask(edge, {}, "login");
    now += 3_700_000;
    const key = { cookie: "SID=ann" };
    for (let i = 0; i < 3; i++) expect((await ask(edge, key)).outcome).toBe("unkeyed");
    expect(told(edge)).toEqual([{ epoch: 1, from: pod, to: "", cause: "expired-idle" }]);
    // A key of which no store knows anything has ended nothing.
    await ask(edge, { cookie: "SID=bob" });
    expect(told(edge)).toEqual([]);
  });
});

describe("the end of a session whose old cookie comes back", () => {
  const begun = async (edge: TestEdge) => {
    const { pod, cookie } = await ask(edge);
    const [held] = [...store.bindings.values()];
    return { pod, cookie, held: held! };
  };

  /** The second end, under the epoch before, stood beside the first in the ledger. */
  it("is not told a second time where it was revoked, and then ran out", async () => {
    const edge = await start([{ cookie: { idle: "30m", absolute: "1h" } }]);
    const { cookie, held } = await begun(edge);
    const { sid } = held;
    edge.edge.feed.hear([{ seq: 1, sid, epoch: 2, to: null, cause: "revoked", exp: now * 2 }], 1, now);
    for (const minutes of [45, 45]) {
      now += minutes * 60_000;
      expect((await ask(edge, { cookie })).outcome).toBe("bound");
    }
    expect(told(edge)).toEqual([]);
  });

  /** That there was news of it at all was taken for its end. */
  it("is told where its secret is retired, though an operator had moved it", async () => {
    const { pod, cookie, held } = await begun(await start());
    const secrets = {
      current: "another-secret-of-32-bytes-for-tests!",
      retired: "a-secret-of-an-edge-in-tests-32-bytes",
    };
    const edge = await start(undefined, { secrets });
    const to = tagToHex(tagOf(edge, IDS.find((id) => id !== pod)!));
    const news = { seq: 1, sid: held.sid, epoch: 2, cause: "moved-by-operator", exp: now * 2 } as const;
    edge.edge.feed.hear([{ ...news, to }], 1, now);
    for (let i = 0; i < 2; i++) expect((await ask(edge, { cookie })).outcome).toBe("bound");
    expect(told(edge)).toEqual([{ epoch: 1, from: pod, to: "", cause: "key-retired" }]);
  });

  describe("with a key behind it", () => {
    const chain = (timeout: string) => [
      { cookie: { idle: "30m" } },
      { header: { name: "x-client", timeout } },
    ];
    const key = { "x-client": "ann" };

    /** The session had ended in the ledger, and its client was served at its pod. */
    it("is none where the key carries the session on", async () => {
      const edge = await start(chain("24h"));
      const { pod, cookie } = await ask(edge, key);
      now += 45 * 60_000;
      const preflight = { "access-control-request-method": "PUT", cookie };
      await edge.ask(URL, { method: "OPTIONS", headers: preflight });
      expect(await ask(edge, { ...key, cookie })).toMatchObject({ pod, outcome: "kept" });
      disable(edge, pod);
      now += 5000;
      const { pod: other, outcome } = await ask(edge, { ...key, cookie });
      expect(outcome).toBe("moved");
      expect(told(edge)).toEqual([{ epoch: 2, from: pod, to: other, cause: "moved-by-operator" }]);
    });

    it("is told where the client brings no key, or the key's session has ended, too", async () => {
      const edge = await start(chain("35m"));
      const { pod, cookie } = await ask(edge, key);
      const other = await ask(edge, { "x-client": "bob" });
      now += 45 * 60_000;
      expect((await ask(edge, { cookie })).outcome).toBe("bound");
      const end = { epoch: 1, from: pod, to: "", cause: "expired-idle" };
      expect(told(edge)).toEqual([end]);
      expect((await ask(edge, { "x-client": "bob", cookie: other.cookie })).outcome).toBe("bound");
      expect(told(edge)).toContainEqual({ ...end, from: other.pod });
    });
  });
});
