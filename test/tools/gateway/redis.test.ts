import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findRedisServer, startRedis } from "../../../tools/gateway/redis.ts";
import { noRedis } from "../../support/redis.ts";

const missing = noRedis("starting it is not tested");

const folder = new URL("../../../tools/gateway/", import.meta.url);

/** Whether a process is there; one that ended and was not waited for counts as gone. */
function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    expect(error).toMatchObject({ code: "ESRCH" });
    return false;
  }
}

describe("looking for redis-server", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("finds none where PATH has none", async () => {
    for (const path of ["", ":", "/nowhere:/proc/self/fd"]) {
      vi.stubEnv("PATH", path);
      expect(findRedisServer()).toBeUndefined();
      await expect(startRedis()).rejects.toThrow("no redis-server");
    }
  });
});

describe.skipIf(missing)("a redis-server of our own", () => {
  it("answers, on a port of its own, and is gone after stop", async () => {
    const [one, two] = await Promise.all([startRedis(), startRedis()]);
    expect(one.port).not.toBe(two.port);
    const redis = new Redis(one.url);
    expect(await redis.config("GET", "bind")).toEqual(["bind", "127.0.0.1"]);
    expect(await redis.config("GET", "save")).toEqual(["save", ""]);
    redis.disconnect();
    await Promise.all([one.stop(), two.stop()]);
    expect(alive(one.pid) || alive(two.pid)).toBe(false);
    await one.stop();
  });

  it("keeps what was written where it is given a folder", async () => {
    const dir = await mkdtemp(join(tmpdir(), "redis-"));
    for (const expected of [null, "kept"]) {
      const server = await startRedis({ dir });
      const redis = new Redis(server.url);
      expect(await redis.get("key")).toBe(expected);
      await redis.set("key", "kept");
      redis.disconnect();
      await server.stop();
    }
    await rm(dir, { recursive: true });
  });

  it("says why it did not start", async () => {
    const server = await startRedis();
    await expect(startRedis({ port: server.port })).rejects.toThrow(/in use/i);
    await server.stop();
  });

  it("does not outlive a process that is killed", async () => {
    const code = `
      const { startRedis } = await import(${JSON.stringify(new URL("redis.ts", folder).href)});
      console.log((await startRedis()).pid);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code]);
    const [printed] = (await once(child.stdout, "data")) as [Buffer];
    const pid = Number(printed.toString());
    expect(alive(pid)).toBe(true);
    child.kill("SIGKILL");
    await vi.waitUntil(() => !alive(pid), { timeout: 10_000 });
  });
});

describe.skipIf(missing)("the gateway as a program", () => {
  const main = new URL("main.ts", folder).pathname;
  const run = (args: string[], token: string) =>
    spawn(process.execPath, [main, ...args], { env: { ...process.env, UPSTASH_REDIS_REST_TOKEN: token } });

  it("serves until it is told to end", async () => {
    const server = await startRedis();
    const child = run(["--redis", server.url, "--port", "0"], "t");
    const exit = once(child, "exit");
    const [printed] = (await once(child.stdout, "data")) as [Buffer];
    const url = /http:\S+/.exec(printed.toString())![0];
    const response = await fetch(`${url}/ping`, { headers: { authorization: "Bearer t" } });
    expect(await response.json()).toEqual({ result: "PONG" });
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
    await server.stop();
  });

  it.each([
    [[], "t"],
    [["--redis", "redis://127.0.0.1:1"], ""],
    [["--redis", "redis://127.0.0.1:1", "--port", "x"], "t"],
    [["--redis", "redis://127.0.0.1:1", "--port", "0"], "t"],
    [["--what"], "t"],
  ])("ends with a word on %j and token %j", async (args, token) => {
    const child = run(args, token);
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => {
      words += chunk.toString();
    });
    expect(await once(child, "close")).toEqual([1, null]);
    expect(words).toMatch(/usage|port|reached|what/i);
    expect(words).not.toContain("    at ");
  });
});
