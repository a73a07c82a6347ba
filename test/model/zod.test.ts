import { readdirSync, readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import * as whole from "zod/mini";
import { readDocument } from "../../src/config/document.ts";
import { inspect } from "../../src/config/limits.ts";
import { validate } from "../../src/config/validate.ts";
import * as own from "../../src/model/zod.ts";

vi.doMock("../../src/model/zod.ts", () => whole);
vi.resetModules();
const { validate: byPackage } = await import("../../src/config/validate.ts");
vi.doUnmock("../../src/model/zod.ts");

/** Every document of the examples and of the goldens that YAML can read, without those that are large on purpose. */
const documents = [
  ...["minimal.yaml", "shop.yaml"].map((name) => `examples/${name}`),
  ...readdirSync("test/config/goldens").map((name) => `test/config/goldens/${name}`),
]
  .flatMap((path) =>
    readFileSync(path, "utf8")
      .split(/^=== .*$/m)
      .map((block) => readDocument(block.split(/^----------\n/m)[0]!))
      .flatMap((read) => ("errors" in read ? [] : [read.document])),
  )
  .filter((document) => inspect(document) === undefined && JSON.stringify(document).length < 1500);

const STRANGE: readonly unknown[] = [
  null,
  true,
  "",
  "5s",
  "web",
  "é𝒳".repeat(600),
  -1,
  0,
  0.5,
  7,
  2 ** 53,
  -(2 ** 60),
  1e300,
  [],
  [null],
  ["cookie", { unheard: 1 }],
  Array.from({ length: 40 }, () => "x"),
  {},
  { cookie: null },
  { "": { a: 1 } },
  JSON.parse('{"__proto__": {"a": 1}, "constructor": "x"}'),
];

/** The document with one place changed at a time: another value, no value, or a key that nobody knows beside it. */
function* broken(value: unknown): Generator<unknown> {
  yield* STRANGE;
  if (typeof value !== "object" || value === null) return;
  const keys = Object.keys(value);
  for (const key of keys) {
    const old = (value as Record<string, unknown>)[key];
    for (const other of broken(old)) {
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    }
    if (!Array.isArray(value))
      yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  if (!Array.isArray(value)) yield { ...value, unheard: 1 };
}

it("says of every config, and of every broken one, what the package says", () => {
  let refused = 0;
  const seen = new Set<string>();
  for (const document of documents) {
    for (const one of [document, ...broken(document)]) {
      const text = JSON.stringify(one);
      if (seen.has(text)) continue;
      seen.add(text);
      const result = validate(one);
      // Compared as texts: there are many thousands, and the order of errors counts.
      expect(JSON.stringify(result), text).toBe(JSON.stringify(byPackage(one)));
      if (!result.ok) refused++;
    }
  }
  expect(byPackage).not.toBe(validate);
  expect(seen.size).toBeGreaterThan(10_000);
  expect(refused).toBeGreaterThan(5000);
});

it("has no name that the package has not", () => {
  for (const name of Object.keys(own)) expect(whole).toHaveProperty(name);
});
