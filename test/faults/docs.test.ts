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
