import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { checkWritable } from "../../../tools/figures/output.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mooring-figures-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A run of this name, which must come to nothing before it has begun. */
function run(name: string, args: readonly string[], path = process.env.PATH ?? "") {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const script = join(root, "tools", name, "run.ts");
    const env = { ...process.env, PATH: path };
    const all = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning", script, ...args];
    execFile(process.execPath, all, { env, timeout: 20_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

/** A folder with something in place of a redis-server, which is looked for and not started. */
function withRedis(): string {
  writeFileSync(join(dir, "redis-server"), "", { mode: 0o755 });
  return dir;
}

const RUNS = ["stress", "fleet", "claims", "scale"] as const;

describe.each(RUNS)("npm run %s", (name) => {
  it("tells how it is asked", async () => {
    const { code, out } = await run(name, ["--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`npm run ${name} -- `);
  });

  it("refuses before it begins what it does not know, and where its figures cannot go", async () => {
    const path = withRedis();
    const nowhere = join(dir, "no", "folder.json");
    const [option, seed, folder] = await Promise.all([
      run(name, ["--quik"], path),
      run(name, ["--seed", "x"], path),
      run(name, ["--quick", "--json", nowhere], path),
    ]);
    expect([option.code, seed.code, folder.code]).toEqual([2, 2, 2]);
    expect(option.err).toContain("--quik");
    expect(seed.err).toContain('error: --seed takes a whole number, not "x"');
    expect(folder.err).toContain(`error: --json ${nowhere} cannot be written: ENOENT`);
    for (const { out, err } of [option, seed, folder]) {
      expect(out).toBe("");
      expect(err).not.toContain("    at ");
    }
  });
});

it("a fleet is asked for scenarios that there are, and for some time", async () => {
  const path = withRedis();
  const asked = [
    ["--only", "nothing"],
    ["--minutes", "0"],
    ["--minutes", "x"],
    ["--minutes", "Infinity"],
  ];
  const told = await Promise.all(asked.map((args) => run("fleet", args, path)));
  expect(told.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(told[0]!.err).toContain("error: --only takes long, plan,");
  expect(told[1]!.err).toContain('error: --minutes takes a number over 0, not "0"');
});

it.each(["stress", "fleet"])("npm run %s says what to install where there is no Redis", async (name) => {
  const { code, err } = await run(name, ["--quick"], join(dir, "nothing"));
  expect(code).toBe(2);
  expect(err).toContain("apt-get install redis-server");
});

it.skipIf(!existsSync("/dev/full"))("a disk without room is found out, with what a file held", async () => {
  expect(() => checkWritable("/dev/full")).toThrow("ENOSPC");
  expect(() => checkWritable("/dev/null")).not.toThrow();
  expect(() => checkWritable(dir)).toThrow("EISDIR");
  const [old, fresh] = [join(dir, "old.json"), join(dir, "fresh.json")];
  writeFileSync(old, "{}");
  checkWritable(old);
  checkWritable(fresh);
  expect(readFileSync(old, "utf8")).toBe("{}");
  expect(existsSync(fresh)).toBe(false);
});
