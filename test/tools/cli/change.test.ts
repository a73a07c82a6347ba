import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { commands } from "../../../tools/cli/commands/index.ts";
import { Jar } from "../../../tools/fleet/client.ts";
import { ADMIN, type Fleet, startFleet } from "../../../tools/fleet/fleet.ts";
import { startPods } from "../../../tools/fleet/plan/pods.ts";
import { eventually } from "../../../tools/fleet/wait.ts";
import { findNode } from "../../../tools/setup/node.mjs";

const { path: node, flags } = findNode(root);
const MAIN = [...flags, join(root, "tools/cli/main.ts")];

describe("npx mooring, where it changes pools", { timeout: 60_000 }, () => {
  let fleet: Fleet;
  let pods: Awaited<ReturnType<typeof startPods>>;
  let sids: string[];

  const run = (...args: string[]) => runAt(fleet.url, ...args);
  const runAt = (url: string, ...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { ...process.env, MOORING_URL: url, MOORING_ADMIN_TOKEN: ADMIN };
      execFile(node, [...MAIN, ...args], { env }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      });
    });

  beforeAll(async () => {
    pods = await startPods();
    const pool = (...ids: string[]) => ({
      pods: ids.map((id) => ({ id, url: pods.urlOf(id, 0) })),
      tableBits: 10,
    });
    const config = () => ({
      version: 1,
      pools: { web: pool("web-0", "web-1"), next: pool("next-0") },
      routes: [{ path: "/", split: { web: 1, next: 0 } }],
    });
    fleet = await startFleet({ pods: 0, config });
    for (let i = 0; i < 8; i++) await new Jar().get(fleet.url);
    const list = async () => (await fleet.admin.get<{ sessions: { sid: string }[] }>("/v1/sessions")).json;
    const { sessions } = await eventually(list, ({ sessions: all }) => all.length === 8);
    sids = sessions.map(({ sid }) => sid);
  });
  afterAll(async () => {
    await fleet?.stop();
    await pods?.stop();
  });

  it("weighs, pauses, rolls back and promotes a side of a split, and takes each back", async () => {
    expect((await run("canary", "next", "weight", "20")).out).toMatch(/^next has the weight 20: /);
    expect((await run("canary", "next", "weight", "config")).out).toMatch(/^next has the config's weight: /);
    for (const [action, state] of Object.entries({ pause: "paused", rollback: "rolled-back" })) {
      expect((await run("canary", "next", action)).out).toMatch(new RegExp(`^next-0 +${state} +–$`, "m"));
    }
    // Of the side that is promoted, or of the primary by its own name: it is the primary that retires.
    for (const pool of ["next", "web"]) {
      const { out } = await run("canary", pool, "promote", "--deadline", "1h");
      expect(out).toMatch(/^web has the config's weight: /);
      expect(out).toMatch(/^web-1 +retiring +in 60 min$/m);
    }
    for (const pool of ["web", "next"])
      expect((await run("canary", pool, "ready")).out).toMatch(/-0 +ready +–$/m);
    for (const args of [
      ["next", "retire"],
      ["next", "constructor"],
      ["next", "pause", "5"],
      ["next", "pause", "--deadline", "5m"],
      ["next", "weight"],
      ["next", "weight", "-5"],
      ["next"],
    ])
      expect((await run("canary", ...args)).code, args.join(" ")).toBe(2);
    expect((await run("canary", "none", "pause")).code).toBe(6);
  });

  // What was wrong with one thing was said twice, once as the detail and once as the error.
  it("says once what is wrong", async () => {
    const { code, err } = await run("sessions", "--limit", "0");
    expect(code).toBe(6);
    expect(err.match(/is no limit/g)).toHaveLength(1);
    expect(err).toContain("limit: ");
  });

  it("plans, runs, shows and stops a rebalance", async () => {
    expect((await run("rebalance", "web", "show")).out).toBe("web was never rebalanced.\n");
    // A client that was here this moment is not idle, so nobody may go.
    expect((await run("rebalance", "web", "plan", "--target", "1")).out).toMatch(
      /^web: 0 sessions would move, skew \S+ → \S+\.$/m,
    );
    const ended = await run("rebalance", "web", "--rate", "50");
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.out).toMatch(/^web is done.*: 0 moved, \d+ left, skew /);
    expect((await run("rebalance", "web", "stop")).code).toBe(5);
    expect((await run("rebalance", "web", "--rate", "0")).code).toBe(6);
    expect((await run("rebalance", "web", "show", "--rate", "5")).code).toBe(2);
    expect((await run("rebalance", "web", "now")).code).toBe(2);
    expect((await run("rebalance", "none")).code).toBe(6);
  });

  // `drain` had no way back: an operator had to write a PATCH by hand to take a pod back.
  it("takes a pod back from a drain, and out at once", async () => {
    await run("drain", "web", "web-1", "--wait", "0s");
    expect((await run("pods", "web")).out).toMatch(/^web-1 +draining /m);
    expect((await run("state", "web", "web-1", "ready")).out).toMatch(/^web\/web-1 is ready, \d+ sessions: /);
    expect((await run("state", "web", "web-1", "disabled")).out).toMatch(/^web\/web-1 is disabled, /);
    expect((await run("state", "web", "web-1", "ready")).code).toBe(0);
    expect((await run("state", "web", "web-1", "draining")).code).toBe(2);
    expect((await run("state", "web", "web-9", "ready")).code).toBe(6);
  });

  // `sessions` lists, and may be watched: so `sessions revoke SID --watch` revoked again every 2 s, and `move` moved back
  // whom another operator had moved meanwhile.
  it("repeats nothing that changes something", async () => {
    for (const args of [
      ["revoke", sids[0]!],
      ["move", sids[0]!, "web-0"],
    ]) {
      expect(await run("sessions", ...args, "--watch")).toMatchObject({ code: 2, out: "" });
    }
    expect((await run("rebalance", "web", "start", "--watch")).code).toBe(2);
    const { json } = await fleet.admin.get<{ entries: { path: string }[] }>("/v1/audit");
    expect(json.entries.filter(({ path }) => path.includes("/sessions/"))).toEqual([]);
  });

  it("goes on in the ledger where a page ended", async () => {
    for (const sid of sids.slice(0, 3)) await run("sessions", "revoke", sid);
    const first = await run("ledger", "--limit", "2");
    const cursor = /^more: --cursor (\S+)$/m.exec(first.out)?.[1] ?? "";
    const rest = await run("ledger", "--limit", "2", "--cursor", cursor);
    expect(rest.out.match(/^.* revoked$/gm)).toHaveLength(1);
    expect(rest.out).not.toContain("more:");
  });

  // With 55,860 moves it asked six times, for half a minute, and said nothing.
  it("says how far a plan of many pages is, beside what it prints", async () => {
    const move = (sid: string) => ({ sid, pool: "web", from: "web-0", to: "web-1", cause: "config-change" });
    const summary = { moved: 2, ended: 0, kept: 1, down: 0, total: 3, exact: true, error: 0, causes: {} };
    const rest = { revision: 1, keys: { moved: 0, error: 0 }, balance: [], routes: [], notices: [] };
    const server = createServer((request, response) => {
      const page = request.url?.includes("cursor=a")
        ? { moves: [move("b")], cursor: null }
        : { moves: [move("a")], cursor: "a" };
      response.end(JSON.stringify({ summary, ...rest, ...page }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const ran = await runAt(
      `http://127.0.0.1:${port}`,
      "plan",
      "-f",
      join(root, "examples/minimal.yaml"),
      "--json",
    );
    server.close();
    expect(ran).toMatchObject({ code: 0, err: "1 of 2 moves are listed\n" });
    expect(JSON.parse(ran.out).moves.map(({ sid }: { sid: string }) => sid)).toEqual(["a", "b"]);
  });

  // `weigh` was there, and in no manual.
  it("is in the manual with each of its commands", () => {
    const manual = readFileSync(join(root, "docs/cli.md"), "utf8");
    const told = Object.keys(commands).filter((name) => manual.includes(`\n$ npx mooring ${name}`));
    expect(told).toEqual(Object.keys(commands));
    expect(manual).toContain(`write one of ${Object.keys(commands).join(", ")}\n`);
  });
});
