import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { freePort } from "../../../tools/serve/port.ts";
import { openState } from "../../../tools/serve/state.ts";
import { startWorkerd } from "../../../tools/serve/workerd.ts";

/** Shows its variables and counts, in a Durable Object, how often it was asked. */
const WORKER = `
import { DurableObject } from "cloudflare:workers";
export class Coordinator extends DurableObject {
  async fetch() {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS asked (n)");
    sql.exec("INSERT INTO asked VALUES (1)");
    return new Response(String(sql.exec("SELECT count(*) AS n FROM asked").one().n));
  }
}
export class BindingShard extends DurableObject {}
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/hang") return new Promise(() => setTimeout(() => {}, 60000));
    if (pathname === "/count") return env.COORDINATOR.get(env.COORDINATOR.idFromName("one")).fetch(request);
    const names = Object.keys(env).sort();
    return Response.json({ names, role: env.MOORING_ROLE, secret: env.MOORING_SECRET });
  },
};`;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mooring-workerd-test-"));
  writeFileSync(join(dir, "index.js"), WORKER);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function alive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`) || (process.platform !== "linux" && process.kill(pid, 0));
}

async function gone(pid: number): Promise<void> {
  while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function ask(url: string): Promise<unknown> {
  const response = await fetch(url);
  return response.headers.get("content-type")?.includes("json") ? response.json() : response.text();
}

describe("a workerd process", () => {
  it("as an edge has exactly the variables it is given and no Durable Objects", async () => {
    process.env.MOORING_ADMIN_TOKEN_OF_ANOTHER = "x";
    const edge = await startWorkerd({
      role: "edge",
      port: 0,
      env: { MOORING_SECRET: 'quoted " and \\ and\nmore' },
      bundleDir: dir,
    });
    try {
      expect(edge.url).toBe(`http://127.0.0.1:${edge.port}`);
      expect(await ask(edge.url)).toEqual({
        names: ["MOORING_ROLE", "MOORING_SECRET"],
        role: "edge",
        secret: 'quoted " and \\ and\nmore',
      });
    } finally {
      await edge.stop();
      delete process.env.MOORING_ADMIN_TOKEN_OF_ANOTHER;
    }
    expect(alive(edge.pid)).toBe(false);
  });

  it("as a coordinator keeps its state where it is told, through a stop and a crash", async () => {
    const stateDir = join(dir, "state");
    const options = { role: "coordinator", port: 0, env: {}, bundleDir: dir, stateDir } as const;
    const first = await startWorkerd(options);
    expect(await ask(`${first.url}/count`)).toBe("1");
    await first.stop();
    const second = await startWorkerd(options);
    expect(await ask(`${second.url}/count`)).toBe("2");
    second.kill();
    expect(await second.ended).toBeNull();
    await second.stop();
    const third = await startWorkerd(options);
    expect(await ask(`${third.url}/count`)).toBe("3");
    await third.stop();
    expect(readdirSync(stateDir)).toContain("mooring-Coordinator");
  });

  it("says that a port is in use, and leaves nothing behind", async () => {
    const one = await startWorkerd({ role: "edge", port: 0, env: {}, bundleDir: dir });
    try {
      await expect(freePort(one.port, "127.0.0.1")).rejects.toThrow(
        `port ${one.port} on 127.0.0.1 is in use`,
      );
      await expect(startWorkerd({ role: "edge", port: one.port, env: {}, bundleDir: dir })).rejects.toThrow(
        `port ${one.port} on 127.0.0.1 is in use`,
      );
      expect(await ask(one.url)).toMatchObject({ role: "edge" });
    } finally {
      await one.stop();
    }
  });

  it("says what workerd says about a worker that does not load", async () => {
    const broken = mkdtempSync(join(tmpdir(), "mooring-broken-test-"));
    writeFileSync(join(broken, "index.js"), "export default {");
    try {
      await expect(startWorkerd({ role: "edge", port: 0, env: {}, bundleDir: broken })).rejects.toThrow(
        /SyntaxError/,
      );
    } finally {
      rmSync(broken, { recursive: true });
    }
  });

  it("stops though a request never ends", async () => {
    const edge = await startWorkerd({ role: "edge", port: 0, env: {}, bundleDir: dir });
    const hanging = fetch(`${edge.url}/hang`).then(
      () => "answered",
      () => "cut off",
    );
    await ask(edge.url);
    await edge.stop();
    expect(alive(edge.pid)).toBe(false);
    expect(await hanging).toBe("cut off");
  });

  it("ends with the process that started it, even by SIGKILL", async () => {
    const script = join(dir, "owner.ts");
    writeFileSync(
      script,
      `import { startWorkerd } from ${JSON.stringify(join(root, "tools/serve/workerd.ts"))};
       const it = await startWorkerd({ role: "edge", port: 0, env: {}, bundleDir: ${JSON.stringify(dir)} });
       console.log(it.pid);`,
    );
    const owner = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const [text] = await once(owner.stdout, "data");
    const pid = Number(text);
    expect(alive(pid)).toBe(true);
    owner.kill("SIGKILL");
    await gone(pid);
  });
});

describe("a state folder", () => {
  it("belongs to one process, until it closes it or is gone", () => {
    const path = join(dir, "kept");
    const state = openState(path);
    expect(() => openState(path)).toThrow(`is in use by process ${process.pid}`);
    state.close();
    writeFileSync(join(path, "lock"), "99999999\n"); // above the largest process id of any Linux
    openState(path).close();
  });

  it("that cannot be made is refused", () => {
    expect(() => openState(join(dir, "index.js", "below"))).toThrow("cannot be made");
  });
});
