import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(resolve(root, "docs/faults.md"), "utf8");
const named = [...page.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, path = ""]) => path);

it("every test that docs/faults.md names is there, and it names every test of a fault", () => {
  expect(named.filter((path) => !existsSync(resolve(root, path)))).toEqual([]);
  const own = readdirSync(resolve(root, "test/faults")).filter((name) => name !== "docs.test.ts");
  expect(own.filter((name) => !named.includes(`test/faults/${name}`))).toEqual([]);
});

it("docs/http-limits.md has a row for every refusal of the edge", () => {
  const limits = readFileSync(resolve(root, "docs/http-limits.md"), "utf8");
  const sources = ["problem.ts", "target.ts", "limits.ts"].map((name) =>
    readFileSync(resolve(root, "src/route", name), "utf8"),
  );
  const codes = [...sources.join("").matchAll(/code: "([a-z-]+)"/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter((code) => !limits.includes(`| \`${code}\` |`))).toEqual([]);
});
