import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse.ts";
import { startDemo } from "../../../tools/demo/demo.ts";

const folder = new URL("../../../examples/", import.meta.url);
const examples = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

test.each(examples)("%s is a valid config of which nothing is ignored", (name) => {
  const parsed = parseConfig(readFileSync(new URL(name, folder), "utf8"));
  expect(parsed).toMatchObject({ ok: true, notices: [] });
});

test("every example is in the README, and every file that it links to is there", () => {
  const readme = readFileSync(new URL("README.md", folder), "utf8");
  const linked = [...readme.matchAll(/\]\(([^)]+)\)/g)].map((found) => found[1]!);
  expect(linked.sort()).toEqual(examples.sort());
});

test("the demo's own config is valid, and nothing of it is ignored", async () => {
  const demo = await startDemo({ pods: 1, edge: "http://127.0.0.1:9" });
  await demo.stop();
  expect(parseConfig(JSON.stringify(demo.config))).toMatchObject({ ok: true, notices: [] });
});
