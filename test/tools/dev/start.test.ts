import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";

/** Several processes start one after the other, on a machine that may be busy. */
const SLOW = { timeout: 90_000 };

let dir: string;
let children: ChildProcess[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mooring-start-test-"));
  mkdirSync(join(dir, "temporary"));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

interface Start {
  child: ChildProcess;
  output(): string;
  /** Resolves with the output once it is ready; rejects when it ends before that. */
  ready: Promise<string>;
  ended: Promise<number | null>;
}

/** `npm start` past its set-up, without a redis-server on PATH, and with a folder of its own for temporary files. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Start {
  const { UPSTASH_REDIS_REST_URL: _url, UPSTASH_REDIS_REST_TOKEN: _token, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, "tools/dev/start.ts"), ...args], {
    cwd: root,
    env: {
      ...inherited,
      MOORING_REDIS_URL: "",
      MOORING_ADMIN_TOKEN: "",
      MOORING_SECRET: "m".repeat(32),
      PATH: "/nonexistent",
      TMPDIR: join(dir, "temporary"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  const ended = once(child, "close").then(([code]) => code as number | null);
  const ready = new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk;
      if (output.includes("Ctrl-C ends everything.")) resolve(output);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    void ended.then((code) => reject(new Error(`it ended with ${code}:\n${output}`)));
  });
  ready.catch(() => undefined); // most tests of failures look at `ended` alone
  return { child, output: () => output, ready, ended };
}

function urlOf(output: string): string {
  return /^Mooring is ready at (http:\/\/127\.0\.0\.1:\d+)$/m.exec(output)?.[1] ?? "";
}

function descendants(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  const own = readFileSync(path, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);
  return own.flatMap((child) => [child, ...descendants(child)]);
}

describe("npm start", () => {
  it("serves the demo with its coordinator, and Ctrl-C leaves nothing", SLOW, async () => {
    const run = start(["--port", "0", "--pods", "2"]);
    const output = await run.ready;
    const url = urlOf(output);
    expect(output).toContain("Store:       the embedded durable store");

    const first = await fetch(`${url}/whoami`);
    const cookie = first.headers.getSetCookie().map((line) => line.split(";")[0]!);
    expect(first.headers.get("mooring-decision")).toMatch(/^bound; pool=web; pod=web-[01]; revision=1/);
    const { pod } = (await first.json()) as { pod: string };
    for (let i = 0; i < 8; i++) {
      const again = await fetch(`${url}/whoami`, { headers: { cookie: cookie.join("; ") } });
      expect(again.headers.get("mooring-decision")).toMatch(/^kept;/);
      expect(await again.json()).toMatchObject({ pod });
    }

    const token = /^Admin token: (\S{32,})$/m.exec(output)?.[1];
    const config = await fetch(`${url}/_mooring/v1/config`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(config.status).toBe(200);
    expect((await fetch(`${url}/_mooring/v1/config`)).status).toBe(401);

    const started = descendants(run.child.pid ?? 0);
    if (process.platform === "linux") expect(started.length).toBeGreaterThanOrEqual(3); // two pods and workerd
    run.child.kill("SIGINT");
    run.child.kill("SIGINT"); // one Ctrl-C arrives twice: from the terminal, and passed on by npm
    expect(await run.ended).toBe(0);
    expect(started.filter((pid) => existsSync(`/proc/${pid}/exe`))).toEqual([]);
    expect(readdirSync(join(dir, "temporary"))).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it(
    "serves a config file instead of the demo, whatever was stored, and shows no token that it was given",
    SLOW,
    async () => {
      const pod = createServer((_request, response) => response.end("mine")).listen(0, "127.0.0.1");
      await once(pod, "listening");
      const { port } = pod.address() as AddressInfo;
      const file = join(dir, "config.yaml");
      const config = (id: string) =>
        `version: 1\nexplain: true\npools: { web: { pods: [{ id: ${id}, url: "http://127.0.0.1:${port}" }] } }\nroutes: [{ path: /, pool: web }]\n`;
      const args = ["--port", "0", "--config", file, "--state", join(dir, "state")];
      try {
        for (const id of ["mine-0", "mine-1"]) {
          writeFileSync(file, config(id));
          const run = start(args, { MOORING_ADMIN_TOKEN: "a-token-of-my-own" });
          const output = await run.ready;
          const answer = await fetch(urlOf(output));
          expect(await answer.text()).toBe("mine");
          expect(answer.headers.get("mooring-decision")).toContain(`pod=${id};`);
          expect(output).not.toContain("a-token-of-my-own");
          run.child.kill("SIGTERM");
          expect(await run.ended).toBe(0);
        }
      } finally {
        pod.close();
      }
    },
  );

  it("ends with 1 and a line that says so when its port is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const run = start(["--port", String(port)]);
    expect(await run.ended).toBe(1);
    expect(run.output()).toBe(`error: port ${port} on 127.0.0.1 is in use; choose another with --port N\n`);
    expect(readdirSync(join(dir, "temporary"))).toEqual([]);
    other.close();
  });

  it("ends with 1 and every error of a config that is not valid", async () => {
    const file = join(dir, "config.yaml");
    writeFileSync(
      file,
      'version: 1\npools: { web: { pods: [{ id: a, url: "ftp://x" }] } }\nroutes: [{ pool: wed }]\n',
    );
    const run = start(["--port", "0", "--config", file]);
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain("pools.web.pods[0].url: ");
    expect(run.output()).toContain("routes[0].pool: ");
    expect(readdirSync(join(dir, "temporary"))).toEqual([]);
  });

  it("ends with 1 when the Redis that it is told of cannot be reached", async () => {
    const run = start(["--port", "0"], { MOORING_REDIS_URL: "redis://127.0.0.1:1" });
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/^error: Redis at 127\.0\.0\.1:1 cannot be reached/m);
    expect(readdirSync(join(dir, "temporary"))).toEqual([]);
  });

  it("that is told to end while it starts leaves nothing either", async () => {
    const run = start(["--port", "0"]);
    while (readdirSync(join(dir, "temporary")).length === 0) await new Promise((done) => setTimeout(done, 5));
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect(run.output()).not.toContain("Mooring is ready");
    expect(readdirSync(join(dir, "temporary"))).toEqual([]);
  });
});
