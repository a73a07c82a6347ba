import { describe, expect, it } from "vitest";
import { readTemplate, type Template } from "../../src/model/template.ts";
import { placing, type Read, renderer } from "../../src/route/by.ts";
import { readTarget } from "../../src/route/target.ts";
import { TestEdge } from "../support/edge.ts";
import { vectors } from "../support/vectors.ts";

function rendered(template: string, url: string, headers: [string, string][] = [], ip?: string): string {
  const parts = readTemplate(template);
  if (typeof parts === "string") throw new Error(parts);
  const request = { method: "GET", headers: new Headers(headers) };
  const client = { ip, https: url.startsWith("https:") };
  return renderer(parts)({ request, target: readTarget(url), client } as unknown as Read);
}

describe("what is hashed", () => {
  it.each([
    ["$request_uri", "http://shop.test/a%20b/?x=1&y", "/a%20b/?x=1&y"],
    ["$\u007brequest_uri}-v1", "http://shop.test/a", "/a-v1"],
    ["$host$request_uri", "http://Shop.Test:8080/a", "shop.test/a"],
    ["$uri", "http://shop.test/a%20b//%2fc?x=1", "/a b/c"],
    ["$document_uri", "http://shop.test/%c3%a9", "/Ã©"],
    ["$args-$query_string", "http://shop.test/a?x=1&y=2", "x=1&y=2-x=1&y=2"],
    ["$args$is_args", "http://shop.test/a", ""],
    ["$is_args", "http://shop.test/a?b", "?"],
    ["$scheme-$REQUEST_METHOD", "https://shop.test/", "https-GET"],
    ["$arg_x", "http://shop.test/find?y=1&x=q%20&x=2", "q%20"],
    ["$arg_X", "http://shop.test/?xx=0&x=one", "one"],
    ["$arg_x", "http://shop.test/?y=x=1", ""],
    ["$arg_x", "http://shop.test/?x=&x=2", ""],
    ["all{}", "http://shop.test/", "all{}"],
  ])("%s of %s is %s", (template, url, text) => expect(rendered(template, url)).toBe(text));

  it.each([
    ["$http_x_user-$host", [["X-User", "u1"]], "u1-shop.test"],
    ["$http_x_user", [], ""],
    ["$http_x_user", [["X-User", ""]], ""],
    ["$http_x_user", [["X-User", "é"]], "Ã©"],
    ["$cookie_u", [["Cookie", "u=é"]], "Ã©"],
    [
      "$http_x_user",
      [
        ["X-User", "a"],
        ["X-User", "b"],
      ],
      "a, b",
    ],
    ["$cookie_cart", [["Cookie", "xcart=0; Cart=1; cart=2"]], "1"],
    ["$cookie_cart", [["Cookie", "a=b, cart = 1,2; c=d"]], "1,2"],
    ["$cookie_cart", [["Cookie", "carts=1; a=cart"]], ""],
  ] as [string, [string, string][], string][])("%s with %j is %s", (template, headers, text) =>
    expect(rendered(template, "http://shop.test/", headers)).toBe(text),
  );

  it("one by one where there are several, and those left out that are empty", () => {
    const by = ["$http_a", "$http_b", "$host"].map((text) => readTemplate(text) as Template);
    const client = { ip: undefined, https: false };
    const of = (headers: Record<string, string>) =>
      placing(by)({
        request: { headers: new Headers(headers) },
        target: readTarget("http://x.test/"),
        client,
      } as Read);
    expect(of({ a: "1", b: "2" })).toEqual(["1", "2", "x.test"]);
    expect(of({ b: "2" })).toEqual(["2", "x.test"]);
    expect(placing(by[2]!)({ target: readTarget("http://x.test/") } as Read)).toBe("x.test");
  });

  it("the client's address, as text and as bytes", () => {
    expect(rendered("$remote_addr", "http://a/", [], "192.0.2.65")).toBe("192.0.2.65");
    expect(rendered("$the_real_ip", "http://a/", [], "2001:db8::1")).toBe("2001:db8::1");
    expect(rendered("$binary_remote_addr", "http://a/", [], "192.0.2.65")).toBe("\xc0\0\x02A");
    expect(rendered("$binary_remote_addr", "http://a/", [], "2001:db8::1")).toHaveLength(16);
    expect(rendered("$remote_addr$binary_remote_addr", "http://a/")).toBe("");
  });

  it("takes time that grows with the text alone", () => {
    // Backtracking over a square of this would take minutes.
    const blanks = `a=1;${" ".repeat(200_000)}`;
    expect(rendered("$cookie_cart", "http://a/", [["Cookie", blanks.repeat(3)]])).toBe("");
    expect(rendered("$arg_x", `http://a/?${"&x".repeat(200_000)}`)).toBe("");
  });
});

function configOf(endpoints: readonly string[], policy: object, pool: object = {}) {
  return {
    version: 1,
    explain: true,
    pools: {
      web: {
        policy,
        affinity: ["none"],
        tableBits: 10,
        pods: endpoints.map((endpoint) => ({ id: endpoint, url: `http://${endpoint}` })),
        ...pool,
      },
    },
    routes: [{ pool: "web" }],
  };
}

const THREE = ["10.1.0.11:8080", "10.1.0.12:8080", "10.1.0.13:8080"];

describe("a request without affinity in a pool with `by`", () => {
  it("goes where ingress-nginx sends it", async () => {
    const edge = await TestEdge.start({ config: configOf(THREE, { ketama: { by: "$request_uri" } }) });
    const found = async (path: string) => (await edge.ask(`http://shop.test${path}`)).text();
    for (let i = 0; i < 3; i++) {
      expect(await found("/v2/img/img/img?id=538")).toBe("10.1.0.12:8080");
      expect(await found("/armud")).toBe("10.1.0.13:8080");
      expect(await found("/armud/img%20x")).toBe("10.1.0.11:8080");
    }
  });

  it("hashes bytes, whatever they mean", async () => {
    const edge = await TestEdge.start({ config: configOf(THREE, { ketama: { by: "$http_x_user" } }) });
    const found = async (user: string) =>
      (await edge.ask("http://shop.test/", { headers: { "x-user": user } })).text();
    expect(await found("Alice Smith")).toBe("10.1.0.13:8080");
    // The runtime has read the header as UTF-8; what is hashed are its bytes.
    expect(await found("ünï")).toBe("10.1.0.11:8080");
  });

  it("goes to the next on the ring when its pod is away, and to one pod when what is hashed is not there", async () => {
    const dead = new Set<string>();
    const edge = await TestEdge.start({
      config: configOf(THREE, { ketama: { by: "$arg_x" } }),
      pod: ({ pod: { id } }) => (dead.has(id) ? "connect" : new Response(id)),
      connects: (id) => !dead.has(id),
    });
    const found = async (path: string) => (await edge.ask(`http://shop.test${path}`)).text();
    expect([await found("/"), await found("/a?y=1")]).toEqual(["10.1.0.12:8080", "10.1.0.12:8080"]);
    dead.add("10.1.0.12:8080");
    const other = await found("/");
    expect(other).not.toBe("10.1.0.12:8080");
    expect([await found("/"), await found("/b")]).toEqual([other, other]);
  });

  it("is placed by its session where it has one", async () => {
    const pool = { affinity: ["cookie"] };
    const edge = await TestEdge.start({ config: configOf(THREE, { ketama: { by: "$request_uri" } }, pool) });
    const homes = new Set<string>();
    for (let i = 0; i < 60; i++) homes.add(await (await edge.ask("http://shop.test/armud")).text());
    expect(homes.size).toBe(3);
  });
});

interface HashBy {
  readonly cases: readonly {
    readonly set: string;
    readonly hash_by: string;
    readonly subset_size: number | null;
    readonly endpoints_in_order: readonly string[];
    readonly host: string;
    readonly vectors: readonly {
      readonly request: { readonly uri: string; readonly headers?: Record<string, string> };
      readonly endpoint?: string;
      readonly subset_members?: readonly string[];
    }[];
  }[];
}

const hashBy = vectors<HashBy>("ingress-nginx/hash_by.json");
if (hashBy !== undefined) {
  it.each(hashBy.cases)(
    "sends what an ingress-nginx of $set pods sent by $hash_by, subset $subset_size",
    async ({ hash_by, subset_size, endpoints_in_order, host, vectors: all }) => {
      const policy = { ketama: { by: hash_by, subset: subset_size ?? undefined } };
      const edge = await TestEdge.start({ config: configOf(endpoints_in_order, policy) });
      for (const { request, endpoint, subset_members = [endpoint!] } of all) {
        const found = new Set<string>();
        for (let i = 0; i < (subset_size === null ? 2 : 60); i++) {
          const { uri } = request;
          // They are given a character a byte, and the runtime reads UTF-8.
          const headers = Object.fromEntries(
            Object.entries(request.headers ?? {}).map(([name, value]) => [
              name,
              Buffer.from(value, "latin1").toString("utf8"),
            ]),
          );
          found.add(await (await edge.ask(`http://${host}${uri}`, { headers })).text());
        }
        expect([...found].sort(), request.uri).toEqual([...new Set(subset_members)].sort());
      }
    },
  );
}
