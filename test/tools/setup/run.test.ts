import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Checkout, ended, says } from "./checkout.ts";

const INSTALLING = "installing packages. This happens once";
const STAMP = "node_modules/.mooring-setup";

let checkout: Checkout;
beforeEach(() => {
  checkout = new Checkout();
  checkout.script("hello.mjs", "console.log('hello', ...process.argv.slice(2));");
});
afterEach(() => checkout.remove());

describe("set-up", () => {
  it("installs once, and again when the lockfile changes", async () => {
    const first = await checkout.run(["--no-build", "hello.mjs", "a b", "--c"]);
    expect(first.output).toContain(INSTALLING);
    expect(first.output).toContain("hello a b --c");
    expect(first.output).not.toContain("added");
    expect(existsSync(join(checkout.dir, "node_modules/dep"))).toBe(true);

    const second = await checkout.run(["--no-build", "hello.mjs"]);
    expect(second).toEqual({ code: 0, output: "hello\n" });

    writeFileSync(join(checkout.dir, STAMP), "another\n");
    expect((await checkout.run(["--no-build", "hello.mjs"])).output).toContain(INSTALLING);
  });

  it("takes an install by hand as it is", async () => {
    await checkout.run(["--no-build", "hello.mjs"]);
    rmSync(join(checkout.dir, STAMP));
    expect(await checkout.run(["--no-build", "hello.mjs"])).toEqual({ code: 0, output: "hello\n" });
    expect(existsSync(join(checkout.dir, STAMP))).toBe(true);
  });

  it("shows what npm says when it fails, and keeps no lock", async () => {
    checkout.lock("^9.0.0");
    const { code, output } = await checkout.run(["--no-build", "hello.mjs"], { npm_config_offline: "true" });
    expect(code).toBe(1);
    expect(output).toMatch(/error: npm ci failed with code \d+:\n.*npm error/);
    expect(existsSync(join(checkout.dir, ".mooring/setup.lock"))).toBe(false);
  });

  it("says that a checkout without a lockfile is not complete", async () => {
    rmSync(join(checkout.dir, "package-lock.json"));
    const { code, output } = await checkout.run(["--no-build", "hello.mjs"]);
    expect({ code, output }).toEqual({
      code: 1,
      output: "error: package-lock.json is missing: this checkout is not complete\n",
    });
  });

  it("runs once when three begin at the same time", async () => {
    const npm = checkout.quickNpm();
    const all = await Promise.all([1, 2, 3].map(() => checkout.run(["--no-build", "hello.mjs"], npm)));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(all.filter(({ output }) => output.includes(INSTALLING))).toHaveLength(1);
    for (const { output } of all) expect(output).toContain("hello");
  });

  it("takes the lock of a dead process, and of one that stopped touching it", async () => {
    const npm = checkout.quickNpm();
    const lock = join(checkout.dir, ".mooring/setup.lock");
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, "pid"), "99999999"); // above the largest process id of any Linux
    expect((await checkout.run(["--no-build", "hello.mjs"], npm)).output).toContain(INSTALLING);

    rmSync(join(checkout.dir, "node_modules"), { recursive: true });
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, "pid"), String(process.pid));
    utimesSync(lock, new Date(0), new Date(0));
    expect((await checkout.run(["--no-build", "hello.mjs"], npm)).output).toContain(INSTALLING);
  });

  it("waits for a live process", async () => {
    const npm = checkout.quickNpm();
    const lock = join(checkout.dir, ".mooring/setup.lock");
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, "pid"), String(process.pid));
    const child = checkout.start(["--no-build", "hello.mjs"], npm);
    const end = ended(child);
    let told = "";
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (chunk) => {
        told += chunk;
        if (told.includes(`waiting for process ${process.pid}`)) resolve();
      });
    });
    expect(existsSync(join(checkout.dir, "node_modules"))).toBe(false);
    rmSync(lock, { recursive: true });
    expect((await end).output).toContain("hello");
  });
});

describe("running the script", () => {
  beforeEach(() => checkout.installed());

  it("passes the exit code through", async () => {
    checkout.script("seven.mjs", "process.exit(7);");
    expect((await checkout.run(["--no-build", "seven.mjs"])).code).toBe(7);
  });

  it("answers 128 and the signal's number when a signal ended the script", async () => {
    checkout.script("killed.mjs", "process.kill(process.pid, 'SIGKILL');");
    expect((await checkout.run(["--no-build", "killed.mjs"])).code).toBe(137);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("passes %s on and waits for the end", async (signal) => {
    checkout.script(
      "wait.mjs",
      `process.on("${signal}", () => setTimeout(() => process.exit(3), 50)); console.log("up"); setInterval(() => {}, 1000);`,
    );
    const child = checkout.start(["--no-build", "wait.mjs"]);
    const end = ended(child);
    await says(child, "up");
    child.kill(signal);
    expect((await end).code).toBe(3);
  });

  it("puts the packages' programs first on PATH", async () => {
    checkout.script("path.mjs", "console.log(process.env.PATH.split(':')[0]);");
    const { output } = await checkout.run(["--no-build", "path.mjs"]);
    expect(output).toContain(join(checkout.dir, "node_modules/.bin"));
  });

  it("keeps what Node has compiled, where its caller does if that says where, and runs what was changed since", async () => {
    const cache = join(checkout.dir, "elsewhere");
    const script = (word: string) =>
      checkout.script("say.mjs", `console.log("${word}", process.env.NODE_COMPILE_CACHE);`);
    for (const [word, said, used] of [
      ["one", undefined, join(checkout.dir, "build/cache")],
      ["two", undefined, join(checkout.dir, "build/cache")],
      ["three", cache, cache],
    ] as const) {
      script(word);
      const { output } = await checkout.run(["--no-build", "say.mjs"], { NODE_COMPILE_CACHE: said });
      expect(output).toBe(`${word} ${used}\n`);
      expect(existsSync(used)).toBe(true);
    }
  });

  it("says how it is used when no script is named", async () => {
    const { code, output } = await checkout.run([]);
    expect(code).toBe(1);
    expect(output).toContain("usage: node tools/setup/run.mjs");
  });
});

describe("building the core", () => {
  beforeEach(() => checkout.installed());

  it("says what is missing, and that the compiler is not installed", async () => {
    expect((await checkout.run(["hello.mjs"])).output).toContain("assembly/index.ts is missing");
    mkdirSync(join(checkout.dir, "assembly"));
    writeFileSync(join(checkout.dir, "assembly/index.ts"), "");
    writeFileSync(join(checkout.dir, "asconfig.json"), "{}");
    expect((await checkout.run(["hello.mjs"])).output).toContain("run npm ci --ignore-scripts first");
  });

  it("compiles when the sources change and not otherwise", async () => {
    const compiler = join(checkout.dir, "node_modules/assemblyscript");
    mkdirSync(join(compiler, "bin"), { recursive: true });
    mkdirSync(join(checkout.dir, "assembly"));
    const yaml = join(checkout.dir, "node_modules/js-yaml/dist");
    mkdirSync(yaml, { recursive: true });
    writeFileSync(join(yaml, "js-yaml.mjs"), "export {};\n");
    const hono = join(checkout.dir, "node_modules/hono/dist/preset");
    mkdirSync(hono, { recursive: true });
    writeFileSync(join(hono, "tiny.js"), "export {};\n");
    writeFileSync(join(compiler, "package.json"), '{"type":"commonjs"}');
    writeFileSync(
      join(compiler, "bin/asc.js"),
      `const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
       const source = readFileSync("assembly/index.ts", "utf8");
       if (source === "broken") { console.error("ERROR TS1005"); process.exit(1); }
       writeFileSync(process.argv[process.argv.indexOf("--outFile") + 1], source);
       appendFileSync("runs", "x");`,
    );
    writeFileSync(join(checkout.dir, "asconfig.json"), "{}");
    const build = async (source: string) => {
      writeFileSync(join(checkout.dir, "assembly/index.ts"), source);
      return checkout.run(["hello.mjs"]);
    };
    const wasm = () => readFileSync(join(checkout.dir, "build/core.wasm"), "utf8");
    const runs = () => readFileSync(join(checkout.dir, "runs"), "utf8").length;
    await build("one");
    await build("one");
    expect([wasm(), runs()]).toEqual(["one", 1]);
    await build("two");
    expect([wasm(), runs()]).toEqual(["two", 2]);
    const broken = await build("broken");
    expect(broken.code).toBe(1);
    expect(broken.output).toContain("the core does not compile (asc ended with code 1):\nERROR TS1005");
    expect([wasm(), runs()]).toEqual(["two", 2]);
  });
});
