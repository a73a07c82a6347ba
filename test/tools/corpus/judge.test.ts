import { expect, it } from "vitest";
import { parseText } from "../../../src/kubernetes/parse-text.ts";
import { judge } from "../../../tools/corpus/judge.ts";

const service = (name: string) =>
  parseText(
    `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ports: [{ port: 80 }], x: 1 }\n`,
  );

it("finds what is missing of a document that is taken", () => {
  const config = { pools: { "default-web-80": { policy: "random", pods: [] } } };
  const notices = ["ignored Service default/web: spec.x"];
  expect(judge(service("web"), { config, notices })).toEqual([]);
  expect(judge(service("api"), { config, notices })).toEqual([
    "pools.default-web-80 is undefined",
    "no notice ignored Service default/web: spec.x",
  ]);
  expect(judge(service("web"), { config: { routes: [] } })).toHaveLength(1);
  expect(judge(service("web"), { refused: [] })).toEqual(["taken, and is to be refused"]);
});

it("finds what is missing of a document that is refused", () => {
  const bad = parseText(
    "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 0 }] }\n",
  );
  expect(judge(bad, { refused: ["Service default/web: spec.ports[0].port"] })).toEqual([]);
  expect(judge(bad, { refused: ["Service default/web: spec.type"] })).toEqual([
    "no error at Service default/web: spec.type",
  ]);
  expect(judge(bad, {})[0]).toMatch(/^refused: Service default\/web: spec\.ports\[0\]\.port/);
});
