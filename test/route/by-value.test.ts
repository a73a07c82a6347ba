import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { Recorder } from "../../src/route/record.ts";
import { replay } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import { testCore } from "../support/core.ts";
import { outcomeOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { firstFrom, hashOf, hashOfAll, referenceMaglev, referenceRing } from "../support/reference/envoy.ts";
import { vectors } from "../support/vectors.ts";

const HOSTS = [1, 2, 3, 4, 5].map((last) => ({ address: `10.0.0.${last}:8080`, weight: 1 }));
/** Of five hosts, by keys as Envoy places them: the last figures of their addresses. */
const PLACED = {
  "ring-hash": { "session-339564": 1, "session-158177": 1, "198.51.100.94": 4, armud: 5, alice: 3, a: 1 },
  maglev: { "session-339564": 5, "session-158177": 2, "198.51.100.94": 4, armud: 3, alice: 4, a: 3 },
};
type Kind = keyof typeof PLACED;
const KINDS = Object.keys(PLACED) as Kind[];

const RING = referenceRing(HOSTS, 1024);
const TABLE = referenceMaglev(HOSTS, 65_537);

/** The last figure of the address of a hash's host, without some. */
function hostOf(kind: Kind, hash: bigint, out: ReadonlySet<number> = new Set()): number {
  if (kind === "maglev") {
    return 1 + firstFrom(TABLE, Number(hash % 65_537n), Number((hash >> 32n) % 65_536n) + 1, out);
  }
  const owners = RING.map(({ pod }) => pod);
  const at = RING.findIndex((point) => point.hash >= hash);
  return 1 + firstFrom(owners, Math.max(0, at), 1, out);
}

const configOf = (policy: unknown, affinity: unknown) => ({
  version: 1,
  explain: true,
  trustedProxies: ["203.0.113.0/24"],
  pools: {
    web: {
      policy,
      affinity,
      pods: HOSTS.map(({ address }, i) => ({ id: `${i + 1}`, url: `http://${address}` })),
    },
  },
  routes: [{ pool: "web" }],
});

const DOWN = Object.assign(new MemoryStore(), {
  swap: async () => {
    throw new Error("the store is down");
  },
});

async function podOf(edge: TestEdge, headers: Record<string, string>, query = ""): Promise<number> {
  const response = await edge.ask(`http://shop.test/${query}`, { headers });
  expect(outcomeOf(response)).toBe("bound");
  await edge.idle();
  return Number(await response.text());
}

describe.each(KINDS)("a session that a key begins, by %s", (kind) => {
  const start = (affinity: unknown, store?: MemoryStore) =>
    TestEdge.start({ config: configOf(kind, affinity), ...(store && { store }) });

  it.each(Object.entries(PLACED[kind]))("of %j goes where Envoy sends it", async (key, host) => {
    expect(await podOf(await start([{ header: "X-User" }]), { "x-user": key })).toBe(host);
    expect(await podOf(await start([{ query: "user" }]), {}, `?user=${key}`)).toBe(host);
    expect(await podOf(await start([{ hash: [{ cookie: "user" }] }]), { cookie: `user="${key}"` })).toBe(
      host,
    );
  });

  it("of an address goes by the whole of it, as text without port", async () => {
    const edge = await start(["client-ip"]);
    expect(await podOf(edge, { "x-forwarded-for": "[2001:DB8:0::7]:4711" })).toBe(1);
    expect(await podOf(edge, { "x-forwarded-for": "198.51.100.94" })).toBe(4);
    // Who comes later from the /64 finds the session that is there.
    const later = await edge.ask("http://shop.test/", { headers: { "x-forwarded-for": "2001:db8::9" } });
    expect([outcomeOf(later), await later.text()]).toEqual(["kept", "1"]);
  });

  it("of several things goes by all that are there, in the order of the config", async () => {
    const edge = await start([{ hash: [{ header: "X-A" }, { header: "X-B" }, { query: "c" }] }]);
    for (let i = 0; i < 40; i++) {
      const [a, b, c] = [`a${i}`, `b${i % 7}`, `c${i % 3}`];
      expect(await podOf(edge, { "x-a": a, "x-b": b }, `?c=${c}`)).toBe(hostOf(kind, hashOfAll([a, b, c])));
      expect(await podOf(edge, { "x-b": a }, `?c=${c}`)).toBe(hostOf(kind, hashOfAll([a, c])));
      expect(await podOf(edge, { "x-b": `only ${i}` })).toBe(hostOf(kind, hashOf(`only ${i}`)));
    }
  });

  it("of a text that is not ASCII goes by its UTF-8 bytes", async () => {
    const edge = await start([{ header: "X-User" }]);
    expect(await podOf(edge, { "x-user": "Müller" })).toBe(hostOf(kind, hashOf("Müller")));
    expect(await podOf(edge, { "x-user": "é".repeat(300) })).toBe(hostOf(kind, hashOf("é".repeat(300))));
  });

  it("goes to the same pod at every edge while the store is down, past a pod that is down too", async () => {
    const edges = await Promise.all([1, 2].map(() => start([{ header: "X-User" }], DOWN)));
    const gone = new Set([2]);
    for (const edge of edges) {
      const pod = edge.view.pools[0]!.pods[2]!.pod;
      edge.health({ [tagToHex(pod.tag)]: "down" });
    }
    for (let i = 0; i < 40; i++) {
      const key = `user-${i}`;
      const host = hostOf(kind, hashOf(key), gone);
      for (const edge of edges) expect(await podOf(edge, { "x-user": key })).toBe(host);
    }
  });

  it("is one whose trace replays, with the store and without, though it tells neither key nor address", async () => {
    for (const edge of [await start([{ header: "X-User" }]), await start([{ header: "X-User" }], DOWN)]) {
      const headers = new Headers({ "x-user": "alice" });
      const request = { url: "http://shop.test/", method: "GET", headers, body: null } as unknown as Request;
      const recorder = new Recorder(edge.edge, request);
      const response = await route(recorder.edge, request, { waitUntil: () => undefined });
      const pod = await response.text();
      expect(pod).toBe(`${PLACED[kind].alice}`);
      const trace = recorder.trace()!;
      expect(JSON.stringify(trace)).not.toMatch(/alice|10\.0\.0/);
      expect(await replay(trace, testCore())).toEqual({ outcome: "bound", pool: "web", pod });
    }
  });

  it("is placed by its sid where a cookie begins it", async () => {
    const edge = await start(["cookie"]);
    const found = new Set<number>();
    for (let i = 0; i < 60; i++) found.add(await podOf(edge, { "x-user": "alice" }));
    expect(found.size).toBe(5);
  });

  it("leaves requests without a key to chance, or to what the policy is told of them", async () => {
    const by = await TestEdge.start({
      config: configOf({ [kind]: { by: ["$http_x_a", "$arg_b"] } }, "none"),
    });
    const ask = async (headers: Record<string, string>, query = "") =>
      Number(await (await by.ask(`http://shop.test/${query}`, { headers })).text());
    expect(await ask({ "x-a": "alice" })).toBe(PLACED[kind].alice);
    expect(await ask({}, "?b=armud")).toBe(PLACED[kind].armud);
    for (let i = 0; i < 20; i++) {
      expect(await ask({ "x-a": `${i}` }, "?b=eu")).toBe(hostOf(kind, hashOfAll([`${i}`, "eu"])));
    }
    const drawn = new Set<number>();
    for (let i = 0; i < 60; i++) drawn.add(await ask({}));
    expect(drawn.size).toBe(5);
  });
});

interface EnvoyVectors {
  readonly ring_hash: { readonly vectors: readonly { readonly key: string; readonly host: string }[] };
  readonly maglev: EnvoyVectors["ring_hash"];
}

const envoy = vectors<EnvoyVectors>("envoy.json");
if (envoy !== undefined) {
  describe.each(KINDS)("every key of the file of vectors, by %s", (kind) => {
    it.each(envoy[kind === "maglev" ? "maglev" : "ring_hash"].vectors)(
      "$key to $host",
      async ({ key, host }) => {
        const edge = await TestEdge.start({ config: configOf(kind, [{ header: "X-User" }]) });
        expect(HOSTS[(await podOf(edge, { "x-user": key })) - 1]!.address).toBe(host);
      },
    );
  });
}
