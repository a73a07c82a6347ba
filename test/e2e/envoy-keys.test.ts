import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { firstFrom, hashOf, hashOfAll, referenceMaglev, referenceRing } from "../support/reference/envoy.ts";

/** Hosts and keys as Envoy places them: the last figures of the hosts' addresses. */
const HOSTS = [1, 2, 3, 4, 5].map((last) => `10.0.0.${last}:8080`);
const PLACED = {
  ring: {
    "session-339564": 1,
    "session-158177": 1,
    "session-682555": 1,
    "session-75955": 4,
    "198.51.100.138": 1,
    "198.51.100.94": 4,
    armud: 5,
    alice: 3,
    a: 1,
    "2001:db8::7": 1,
  },
  maglev: {
    "session-339564": 5,
    "session-158177": 2,
    "session-682555": 2,
    "session-75955": 1,
    "198.51.100.138": 4,
    "198.51.100.94": 4,
    armud: 3,
    alice: 4,
    a: 3,
    "2001:db8::7": 1,
  },
};
const KINDS = ["ring", "maglev"] as const;
const POLICY = { ring: "ring-hash", maglev: "maglev" };
const HEADER = "Session-A";

let fleet: Fleet;

function configOf(pods: readonly { id: string; url: string }[]) {
  const exact = HOSTS.map((host) => ({ id: host, url: `http://${host}` }));
  const pools: Record<string, object> = {
    tokens: { pods, affinity: [{ token: { header: HEADER, idle: "5m", absolute: "1h" } }] },
  };
  for (const kind of KINDS) {
    const policy = POLICY[kind];
    const cookie = { "cookie-key": { name: `Sid-${kind}`, ttl: "1h" } };
    pools[kind] = { policy, pods, affinity: [{ header: "X-User" }] };
    pools[`${kind}-of`] = { policy, pods, affinity: [{ hash: [{ header: "X-A" }, { query: "b" }] }] };
    pools[`${kind}-cookie`] = { policy, pods, affinity: [cookie] };
    pools[`${kind}-exact`] = {
      policy,
      pods: exact,
      affinity: [{ header: "X-User" }, { "cookie-key": "user" }, "client-ip"],
    };
  }
  const routes = Object.keys(pools).map((pool) => ({ path: `/${pool}`, pool }));
  return { version: 1, explain: true, pools, routes: [...routes, { path: "/headers", pool: "tokens" }] };
}

beforeAll(async () => {
  fleet = await startFleet({ edges: 2, pods: 5, config: configOf });
}, 60_000);
afterAll(async () => fleet?.stop());

const at = (path: string, edge = 0) => `${fleet.edges[edge]!.url}${path}`;

/** The id of the pod that Envoy would send a hash to, were its hosts the pods of the fleet. */
function homeOf(kind: (typeof KINDS)[number], hash: bigint): string {
  const pods = fleet.listed();
  const hosts = pods.map(({ url }) => ({ address: new URL(url).host, weight: 1 }));
  if (kind === "maglev") {
    const table = referenceMaglev(hosts, 65_537);
    const step = Number((hash >> 32n) % 65_536n) + 1;
    return pods[firstFrom(table, Number(hash % 65_537n), step, new Set())]!.id;
  }
  const ring = referenceRing(hosts, 1024);
  const point = ring.find((one) => one.hash >= hash) ?? ring[0]!;
  return pods[point.pod]!.id;
}

describe.each(KINDS)("keys by Envoy's %s", (kind) => {
  it("go to the very hosts that Envoy sends them to, from a header, a cookie or an address", async () => {
    const podOf = async (headers: Record<string, string>, clientIp?: string) => {
      const body = { url: `http://shop.test/${kind}-exact`, headers, ...(clientIp && { clientIp }) };
      return (await fleet.admin.send<{ pod: string }>("POST", "/v1/explain", { body })).json.pod;
    };
    for (const [key, last] of Object.entries(PLACED[kind])) {
      const host = HOSTS[last - 1];
      expect(await podOf({ "x-user": key }), key).toBe(host);
      expect(await podOf({ cookie: `a=b; user=${key}` }), key).toBe(host);
      expect(await podOf({ cookie: `user="${key}"` }), key).toBe(host);
      if (/[.:]/.test(key)) expect(await podOf({}, key), key).toBe(host);
    }
  });

  it("of a header begin their sessions there, and keep them at every edge", async () => {
    for (let i = 0; i < 30; i++) {
      const user = i % 5 === 0 ? `Müller ${i}` : `user-${i}`;
      const headers = { "x-user": Buffer.from(user).toString("latin1") };
      const pod = homeOf(kind, hashOf(user));
      const first = decision(await call(at(`/${kind}`, i % 2), { headers }));
      expect(first, user).toMatchObject({ outcome: "bound", pod });
      const next = decision(await call(at(`/${kind}`, (i + 1) % 2), { headers }));
      expect(next, user).toMatchObject({ outcome: "kept", pod });
    }
  });

  it("of several things go by all that are there", async () => {
    for (let i = 0; i < 15; i++) {
      const both = await call(at(`/${kind}-of?b=b${i}`), { headers: { "x-a": `a${i}` } });
      expect(decision(both).pod).toBe(homeOf(kind, hashOfAll([`a${i}`, `b${i}`])));
      const one = await call(at(`/${kind}-of?b=only-${i}`, 1));
      expect(decision(one).pod).toBe(homeOf(kind, hashOf(`only-${i}`)));
    }
    expect(decision(await call(at(`/${kind}-of`))).outcome).toBe("unkeyed");
  });

  it("of a cookie too, quoted or not; one that is made is told as Envoy tells it, and kept", async () => {
    for (const value of ["alice", '"alice"', '"0123456789abcdef"']) {
      const headers = { cookie: `Sid-${kind}=${value}` };
      const answer = await call(at(`/${kind}-cookie`), { headers });
      expect(decision(answer).pod).toBe(homeOf(kind, hashOf(value.replaceAll('"', ""))));
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    for (let i = 0; i < 20; i++) {
      const jar = new Jar();
      const first = await jar.get(at(`/${kind}-cookie`, i % 2));
      expect(first.headers["set-cookie"]).toEqual([
        expect.stringMatching(new RegExp(`^Sid-${kind}="[0-9a-f]{16}"; Max-Age=3600; Path=/; HttpOnly$`)),
      ]);
      const value = jar.cookies.get(`Sid-${kind}`)!.slice(1, -1);
      const pod = homeOf(kind, hashOf(value));
      expect(decision(first)).toMatchObject({ outcome: "bound", pod });
      const next = await jar.get(at(`/${kind}-cookie`, (i + 1) % 2));
      expect(decision(next)).toMatchObject({ outcome: "kept", pod });
      expect(next.headers["set-cookie"]).toBeUndefined();
    }
  });
});

/** A client that sends back what it was last told in the header. */
class Holder {
  token = "";
  readonly seen: Record<string, string>[] = [];

  async get(edge = 0): Promise<Record<string, string>> {
    const headers = this.token === "" ? {} : { [HEADER]: this.token };
    const answer: Answer = await call(at("/tokens", edge), { headers });
    expect(answer.headers["set-cookie"]).toBeUndefined();
    const issued = answer.headers[HEADER.toLowerCase()];
    if (typeof issued === "string") this.token = issued;
    const said = { ...decision(answer), issued: `${typeof issued === "string"}` };
    this.seen.push(said);
    return said;
  }

  async sid(): Promise<string> {
    return (await fleet.tokens.open(this.token, "tokens"))!.sid;
  }
}

describe("a token in a header", () => {
  it("binds, keeps at every edge, and is never the pod's to see", async () => {
    const client = new Holder();
    const first = await client.get();
    expect(first).toMatchObject({ outcome: "bound", issued: "true" });
    for (const edge of [0, 1, 1, 0]) {
      expect(await client.get(edge)).toMatchObject({ outcome: "kept", pod: first.pod, issued: "false" });
    }
    const shown = await call(at("/headers"), { headers: { [HEADER]: client.token, "x-other": "shown" } });
    expect(decision(shown)).toMatchObject({ outcome: "kept", pod: first.pod });
    expect(shown.body).toContain("shown");
    expect(shown.body.toLowerCase()).not.toContain(HEADER.toLowerCase());
  });

  it("moves once when its pod is drained, at the deadline, and not before", async () => {
    const clients = Array.from({ length: 30 }, () => new Holder());
    await Promise.all(clients.map((client, i) => client.get(i % 2)));
    const pod = clients[0]!.seen[0]!.pod!;
    const own = clients.filter(({ seen }) => seen[0]!.pod === pod);
    const path = `/v1/pools/tokens/pods/${pod}/drain?deadline=3s`;
    expect((await fleet.admin.send("POST", path)).status).toBe(200);
    for (const client of own) expect(await client.get(1)).toMatchObject({ outcome: "kept", pod });
    for (const client of own) {
      const moved = await eventually(
        () => client.get(),
        ({ outcome }) => outcome !== "kept",
      );
      expect(moved).toMatchObject({ outcome: "moved", from: pod, cause: "drain-deadline", issued: "true" });
      for (const edge of [1, 0])
        expect(await client.get(edge)).toMatchObject({ outcome: "kept", pod: moved.pod });
    }
    for (const client of clients) {
      if (!own.includes(client)) expect(await client.get()).toMatchObject({ outcome: "kept" });
    }
    await fleet.admin.send("PATCH", `/v1/pools/tokens/pods/${pod}`, { body: { state: "ready" } });
  }, 60_000);

  it("is over once it is revoked", async () => {
    const client = new Holder();
    await client.get();
    const [sid, token] = [await client.sid(), client.token];
    await eventually(
      () => fleet.admin.get(`/v1/sessions/${sid}`),
      ({ status }) => status === 200,
    );
    expect((await fleet.admin.send("DELETE", `/v1/sessions/${sid}`)).status).toBe(200);
    expect(await client.get()).toMatchObject({ outcome: "bound", issued: "true" });
    expect(await client.sid()).not.toBe(sid);
    const late = await eventually(
      () => {
        const other = new Holder();
        other.token = token;
        return other.get(1);
      },
      ({ outcome }) => outcome === "bound",
    );
    expect(late.outcome).toBe("bound");
  });
});

describe("a pod that is killed", () => {
  it("loses its keyed sessions, each once and to one pod, and nobody else's move", async () => {
    const paths = KINDS.flatMap((kind) => [`/${kind}`, `/${kind}-cookie`]);
    const clients = Array.from({ length: 80 }, (_, i) => {
      const path = paths[i % paths.length]!;
      const jar = new Jar();
      const get = (edge: number) => jar.get(at(path, edge), { headers: { "x-user": `victim-${i}` } });
      return { get, home: "", jar };
    });
    for (const [i, client] of clients.entries()) client.home = decision(await client.get(i % 2)).pod!;
    const dead = "web-2";
    const victims = clients.filter(({ home }) => home === dead);
    expect(victims.length).toBeGreaterThan(5);
    const before = (await fleet.breaks()).breaks.length;
    const cookies = clients.map(({ jar }) => jar.cookie);
    await fleet.pod(dead).kill();
    for (const [i, client] of clients.entries()) {
      const found = new Set<string>();
      for (const edge of [i % 2, (i + 1) % 2, i % 2, (i + 1) % 2]) {
        const answer = await client.get(edge);
        expect(answer.status).toBe(200);
        found.add(decision(answer).pod!);
      }
      expect(found.size, `client ${i}`).toBe(1);
      if (client.home === dead) expect(found).not.toContain(dead);
      else expect(found).toContain(client.home);
    }
    expect(clients.map(({ jar }) => jar.cookie)).toEqual(cookies);
    const { breaks } = await eventually(
      () => fleet.breaks(),
      (all) => all.breaks.length >= before + victims.length,
    );
    const gone = breaks.filter(({ from, cause }) => from === dead && cause === "pod-gone");
    expect(gone.length).toBe(victims.length);
    expect(new Set(gone.map(({ sid }) => sid)).size).toBe(victims.length);
  }, 60_000);
});
