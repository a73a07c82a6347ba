import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../tools/build/root.ts";
import { Jar } from "../../tools/fleet/client.ts";
import { ADMIN, type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { findNode } from "../../tools/setup/node.mjs";

const { path: node, flags } = findNode(root);
const MAIN = [...flags, join(root, "tools/cli/main.ts")];

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "cart", namespace: "shop" },
  spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }] },
};
const ingress = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: {
    name: "cart",
    namespace: "shop",
    annotations: { "nginx.ingress.kubernetes.io/affinity": "cookie" },
  },
  spec: {
    rules: [
      {
        http: {
          paths: [
            { path: "/", pathType: "Prefix", backend: { service: { name: "cart", port: { number: 80 } } } },
          ],
        },
      },
    ],
  },
};

describe("mooring sync", { timeout: 60_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), "mooring-sync-"));
  const servers: Server[] = [];
  const ports = new Map<string, number>();
  let fleet: Fleet;

  /** As loopback has one address, each pod is a slice with a port of its own. */
  const slice = (pod: string, conditions: object = { ready: true }) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `cart-${pod}`, namespace: "shop", labels: { "kubernetes.io/service-name": "cart" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: ports.get(pod) }],
    endpoints: [{ addresses: ["127.0.0.1"], conditions, targetRef: { kind: "Pod", name: pod } }],
  });
  const run = (args: string[], env: Record<string, string> = {}) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      // npm tells where it was called, and a file is looked for there: the tests call the tool, not npm.
      const { INIT_CWD: _, ...rest } = process.env;
      const own = { ...rest, MOORING_URL: fleet.url, MOORING_ADMIN_TOKEN: ADMIN, ...env };
      execFile(node, [...MAIN, "sync", ...args], { cwd: dir, env: own }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  const stream = (name: string, events: object[]) => {
    writeFileSync(join(dir, name), events.map((event) => JSON.stringify(event, null, 2)).join("\n"));
    return name;
  };

  beforeAll(async () => {
    for (const id of ["old-0", "old-1", "new-0", "new-1"]) {
      const server = createServer((_, response) => response.end(id));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      ports.set(id, (server.address() as AddressInfo).port);
    }
    fleet = await startFleet({ pods: 0, config: () => undefined });
  });
  afterAll(async () => {
    await fleet?.stop();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(dir, { recursive: true, force: true });
  });

  it("a rolling deploy moves the sessions of pods that went, once they went, and no other", async () => {
    const added = (object: object) => ({ type: "ADDED", object });
    const begin = stream("begin.json", [service, ingress, slice("old-0"), slice("old-1")].map(added));
    const begun = await run(["--from", begin]);
    expect(begun).toMatchObject({ code: 0, out: "Revision 1 is in force.\n" });
    expect(begun.err).toContain("revision 1: + pool shop-cart-80: 2 pods; routes: 1 new, 0 gone");
    const jars = Array.from({ length: 40 }, () => new Jar());
    const where = () => Promise.all(jars.map(async (jar) => (await jar.get(fleet.url)).body));
    const first = await where();
    expect(new Set(first)).toEqual(new Set(["old-0", "old-1"]));

    // One at a time: the new pod is ready, then the old one terminates, then it is gone.
    const gone = { ready: false, serving: true, terminating: true };
    const rolled = stream("rolling.json", [
      ...[service, ingress, slice("old-0"), slice("old-1")].map(added),
      added(slice("new-0")),
      { at: 2500, type: "MODIFIED", object: slice("old-0", gone) },
      { at: 5000, type: "DELETED", object: slice("old-0", gone) },
    ]);
    const synced = run(["--from", rolled, "--json"]);
    const seen: string[][] = [];
    let done = false;
    synced.then(() => {
      done = true;
    });
    while (!done) seen.push(await where());
    const { out } = await synced;
    expect(
      (JSON.parse(out) as { revisions: { changes: string[] }[] }).revisions.map(({ changes }) => changes),
    ).toEqual([
      ["pool shop-cart-80: + new-0"],
      ["pool shop-cart-80: ~ old-0"],
      ["pool shop-cart-80: - old-0"],
    ]);
    const last = await where();
    expect(last).not.toContain("old-0");
    last.forEach((pod, i) => {
      const stops = [...new Set([...seen.map((all) => all[i]!), pod])];
      expect(stops).toEqual(first[i] === "old-0" ? ["old-0", pod] : ["old-1"]);
    });
    // An edge tells of its breaks with its next heartbeat.
    const { counts } = await eventually(
      async () => (await fleet.admin.get<{ counts: Record<string, number> }>("/v1/ledger")).json,
      ({ counts }) => Object.values(counts).some((count) => count > 0),
    );
    expect(Object.keys(counts).filter((cause) => counts[cause]! > 0)).toEqual(["config-change"]);
  });

  it("survives a restart: the same cluster is no change", async () => {
    const objects = [service, ingress, slice("old-1"), slice("new-0")];
    const same = stream("same.json", [{ kind: "List", items: objects }]);
    expect(await run(["--from", same])).toMatchObject({ code: 0, out: "Nothing to change.\n" });
  });

  it("what is not valid is said, and what is in force stays", async () => {
    const before = await fleet.admin.config();
    const wrong = structuredClone(ingress);
    Object.assign(wrong.metadata.annotations, { "nginx.ingress.kubernetes.io/load-balance": "fastest" });
    const { err, out } = await run([
      "--from",
      stream("wrong.json", [{ kind: "List", items: [service, wrong] }]),
    ]);
    expect(err).toContain("not valid; what is in force stays:");
    expect(err).toContain(
      'Ingress shop/cart: metadata.annotations["nginx.ingress.kubernetes.io/load-balance"]',
    );
    expect(out).toBe("Nothing to change.\n");
    expect(await fleet.admin.config()).toEqual(before);
    expect((await run(["--from", stream("words.json", [])])).out).toBe("Nothing to change.\n");
    const emptied = [
      { kind: "List", items: [service, ingress] },
      { kind: "ServiceList", items: [] },
      { kind: "List", items: [] },
    ];
    const alone = await run([
      "--from",
      stream("alone.json", [
        ...emptied,
        { type: "DELETED", object: ingress },
        { type: "DELETED", object: service },
      ]),
    ]);
    expect(alone.err).toContain("nothing in the cluster leads anywhere; what is in force stays");
    expect(await fleet.admin.config()).toEqual(before);
    writeFileSync(join(dir, "torn.json"), '{"type":"ADDED","obj');
    expect(await run(["--from", "torn.json"])).toMatchObject({ code: 2 });
    expect((await run(["--kinds", "secrets"])).err).toContain("not secrets");
  });

  it("follows kubectl, one watch a kind, lists once each runs, and begins anew when one ends", async () => {
    // As kubectl prints: the list as ADDED, then what happens; the first watch of slices ends, and old-1 goes unseen.
    const objects = {
      services: [service],
      ingresses: [ingress],
      endpointslices: [slice("old-1"), slice("new-0")],
    };
    const later = { ...objects, endpointslices: [slice("new-0"), slice("new-1")] };
    writeFileSync(join(dir, "first.json"), JSON.stringify(objects));
    writeFileSync(join(dir, "later.json"), JSON.stringify(later));
    writeFileSync(
      join(dir, "kubectl"),
      `#!${node}
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const [, kind, ...rest] = process.argv.slice(2);
const again = "${dir}/watched-" + kind;
const file = existsSync(again) || existsSync("${dir}/watched-endpointslices") ? "later.json" : "first.json";
const items = JSON.parse(readFileSync("${dir}/" + file, "utf8"))[kind];
if (!rest.includes("--all-namespaces")) process.exit(9);
if (!rest.includes("--watch")) console.log(JSON.stringify({ kind: "List", items }));
else {
  for (const object of items) console.log(JSON.stringify({ type: "ADDED", object }));
  const ends = kind === "endpointslices" && !existsSync(again);
  setTimeout(() => { if (ends) { writeFileSync(again, ""); console.error("error: watch closed"); process.exit(1); } }, 2500);
  setInterval(() => {}, 1000);
}
`,
    );
    chmodSync(join(dir, "kubectl"), 0o755);
    const env = {
      ...process.env,
      MOORING_URL: fleet.url,
      MOORING_ADMIN_TOKEN: ADMIN,
      PATH: `${dir}:${process.env.PATH}`,
    };
    const child = spawn(node, [...MAIN, "sync"], { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
    let told = "";
    child.stderr.on("data", (text) => (told += text));
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    try {
      await eventually(
        async () => told,
        (text) => text.includes("+ new-1, - old-1"),
        { within: 20_000 },
      );
      expect(told).toContain("the watch of endpointslices ended (error: watch closed): again in 1 s");
    } finally {
      child.kill("SIGTERM");
    }
    expect(await ended).toBe(0);
  });

  it("follows an HTTPRoute from one backend to another: who has a session stays, who is new goes over", async () => {
    const named = (object: object, name: string) =>
      JSON.parse(
        JSON.stringify(object).replaceAll('"cart"', JSON.stringify(name)).replaceAll('"cart-', `"${name}-`),
      );
    const route = (old: number, next: number) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "shop", namespace: "shop" },
      spec: {
        rules: [
          {
            backendRefs: [
              { name: "old", port: 80, weight: old },
              { name: "new", port: 80, weight: next },
            ],
            sessionPersistence: { sessionName: "cart", absoluteTimeout: "1h" },
          },
        ],
      },
    });
    const cluster = ["old", "new"].flatMap((name) => [
      named(service, name),
      ...[0, 1].map((i) => named(slice(`${name}-${i}`), name)),
    ]);
    const items = [...cluster, route(100, 0)];
    const before = await run(["--from", stream("route.json", [{ kind: "List", items }])]);
    expect(before, before.err).toMatchObject({ code: 0 });
    const jars = Array.from({ length: 20 }, () => new Jar());
    const where = () => Promise.all(jars.map(async (jar) => (await jar.get(fleet.url)).body));
    const first = await where();
    for (const pod of first) expect(pod).toMatch(/^old-/);
    const over = [
      { kind: "List", items },
      { type: "MODIFIED", object: route(0, 100) },
    ];
    expect(await run(["--from", stream("over.json", over)])).toMatchObject({ code: 0 });
    expect(await where()).toEqual(first);
    for (let i = 0; i < 10; i++) expect((await new Jar().get(fleet.url)).body).toMatch(/^new-/);
  });
});
