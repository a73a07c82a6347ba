import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Log, LogLevel, Miniflare, type Request, Response } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../tools/build/bundle.ts";
import { compatibility } from "../../tools/build/compatibility.ts";
import { call, decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { backendKey, liveCases, liveConfig, type Mode, md5 } from "../support/live-cookies.ts";
import { ReferenceKetama } from "../support/reference/ketama.ts";

const BACKENDS = { balanced: "shop-cart-80", persistent: "shop-basket-80" };

/**
 * The day on which a team gives the DNS record of its shop to Mooring: browsers hold what ingress-nginx gave them. Two edges,
 * the durable store, and pods that name themselves.
 */
describe("a move away from ingress-nginx", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({
      edges: 2,
      pods: 4,
      config: (pods) => {
        const pool = (mode: Mode) => ({
          ...liveConfig(mode, BACKENDS[mode], [], { expires: "2d", maxAge: "2d" }).pools.web,
          pods,
        });
        return {
          version: 1,
          explain: true,
          pools: { cart: pool("balanced"), basket: pool("persistent") },
          routes: [
            { path: "/cart", pool: "cart" },
            { path: "/basket", pool: "basket" },
          ],
        };
      },
    });
  }, 60_000);
  afterAll(async () => fleet?.stop());

  const endpoints = () => fleet.listed().map(({ id, url }) => ({ id, address: new URL(url).host }));
  const clients = (mode: Mode) => {
    const all = endpoints();
    const ring = new ReferenceKetama(all.map(({ address }) => ({ id: address, weight: 1 })));
    return Array.from({ length: 24 }, (_, i) => {
      const random = `17636${i}0999.${i * 37}.11660.5655${i}`;
      const at = mode === "balanced" ? ring.find(random) : i % all.length;
      const key = mode === "balanced" ? random : md5(BACKENDS[mode] + all[at]!.address);
      const value = `${key}|${backendKey(BACKENDS[mode])}`;
      return { jar: new Jar([["INGRESSCOOKIE", value]]), value, pod: all[at]!.id };
    });
  };

  it.each([
    ["balanced", "/cart"],
    ["persistent", "/basket"],
  ] as const)(
    "keeps every session of %s mode where it is, at either edge, and gives it a token",
    async (mode, path) => {
      const all = clients(mode);
      expect(new Set(all.map(({ pod }) => pod)).size).toBe(4);
      const urls = fleet.edges.map(({ url }) => url + path);
      for (const [i, { jar, value, pod }] of all.entries()) {
        // A page asks for several things at once, before it has heard of a new cookie.
        const first = await Promise.all(urls.map((url) => jar.copy().get(url)));
        for (const answer of first) expect(decision(answer)).toMatchObject({ outcome: "bound", pod });
        const bound = await jar.get(urls[i % 2]!);
        expect(decision(bound)).toMatchObject({ outcome: "bound", pod });
        expect(bound.headers["set-cookie"]).toEqual([
          expect.stringMatching(
            new RegExp(
              `^INGRESSCOOKIE=[\\w-]{96}; Expires=\\w{3}, \\d\\d-\\w{3}-\\d\\d [\\d:]{8} GMT; Max-Age=172800; Path=${path}; HttpOnly$`,
            ),
          ),
        ]);
        expect(jar.cookies.get("INGRESSCOOKIE")).not.toBe(value);
        for (const url of urls) {
          const next = await jar.get(url);
          expect([decision(next).outcome, decision(next).pod]).toEqual(["kept", pod]);
          expect(next.headers["set-cookie"]).toBeUndefined();
        }
      }
    },
    60_000,
  );

  it("counts a client of balanced mode once, however many requests it began with", async () => {
    const { json } = await fleet.admin.send<{ sessions: { sid: string; pool: string }[] }>(
      "GET",
      "/v1/sessions?pool=cart&limit=1000",
    );
    expect(json.sessions).toHaveLength(24);
  });
});

/** The pods of the figures are nowhere: what the worker sends them is answered in their names. */
describe("cookies that ingress-nginx issued, through a worker", () => {
  let dir = "";
  let worker: Miniflare;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "mooring-live-"));
    const built = await bundle({ outdir: join(dir, "worker") });
    const { date, flags } = compatibility();
    worker = new Miniflare({
      ...{ name: "mooring", host: "127.0.0.1", port: 0, cf: false, logRequests: false },
      log: new Log(LogLevel.NONE),
      telemetry: { enabled: false },
      modulesRoot: built.dir,
      modules: built.modules.map(({ type, name }) => {
        const path = join(built.dir, name);
        return { type, path, contents: readFileSync(path) };
      }),
      compatibilityDate: date,
      compatibilityFlags: flags,
      bindings: {
        MOORING_SECRET: "a-secret-of-a-move-of-more-than-32-bytes",
        MOORING_SHARED_SECRET: "a-shared-secret-of-a-move-of-more-than-32-bytes",
        MOORING_ADMIN_TOKEN: "admin-token-of-a-move",
        MOORING_ROLE: "both",
      },
      durableObjects: {
        COORDINATOR: { className: "Coordinator", useSQLite: true },
        STORE: { className: "BindingShard", useSQLite: true },
      },
      outboundService: (request: Request) => new Response(new URL(request.url).host),
      // What it logs is no news here.
      handleRuntimeStdio: (...streams: { resume(): unknown }[]) => {
        for (const stream of streams) stream.resume();
      },
    });
    await worker.ready;
  }, 60_000);
  afterAll(async () => {
    await worker?.dispose();
    if (dir !== "") rmSync(dir, { recursive: true, force: true });
  });

  it.each(["balanced", "persistent"] as const)(
    "reach the pods that it chose: %s",
    async (mode) => {
      const url = String(await worker.ready).replace(/\/$/, "");
      const api = `${url}/_mooring/v1/config`;
      const authorization = "Bearer admin-token-of-a-move";
      for (const { backend, endpoints, vectors } of liveCases(mode)) {
        const { etag } = (await call(api, { headers: { authorization } })).headers;
        const condition = etag === undefined ? { "if-none-match": "*" } : { "if-match": etag };
        const headers = { authorization, "content-type": "application/json", ...condition };
        const body = JSON.stringify(liveConfig(mode, backend, endpoints));
        expect((await call(api, { method: "PUT", body, headers })).status).toBe(200);
        for (const { cookie_value: value, style, endpoint } of vectors) {
          const jar = new Jar([["INGRESSCOOKIE", value]]);
          const first = await jar.get(`${url}/`);
          if (endpoint === "RANDOM") expect(endpoints).toContain(first.body);
          else expect([style, first.body]).toEqual([style, endpoint]);
          expect(decision(first).outcome).toBe("bound");
          expect(first.headers["set-cookie"]).toEqual([
            expect.stringMatching(/^INGRESSCOOKIE=[\w-]{96}; Path=\/; HttpOnly$/),
          ]);
          const next = await jar.get(`${url}/`);
          expect([decision(next).outcome, next.body]).toEqual(["kept", first.body]);
        }
      }
    },
    120_000,
  );
});
