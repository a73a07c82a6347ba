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
  .filter((document) => inspect(document) === undefined && JSON.stringify(document).length < 900);

const STRANGE: readonly unknown[] = [
  null,
  true,
  "",
  "5s",
  "web",
  "𝒳".repeat(600),
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

/** What was broken already, in another document, at the same place. */
const done = new Set<string>();

/** The document with one place changed at a time: another value, no value, or a key that nobody knows beside it. */
function* broken(value: unknown, path = ""): Generator<unknown> {
  const place = `${path} ${JSON.stringify(value)}`;
  if (done.has(place)) return;
  done.add(place);
  yield* STRANGE;
  if (typeof value !== "object" || value === null) return;
  for (const [key, old] of Object.entries(value)) {
    for (const other of broken(old, `${path}.${key}`)) {
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
  expect(seen.size).toBeGreaterThan(8000);
  expect(refused).toBeGreaterThan(5000);
  // On a busy machine it takes four times as long as on an idle one.
}, 120_000);

it("reads what no config holds yet as the package does", () => {
  const schemas = ({
    _default,
    array,
    boolean,
    int,
    maxLength,
    minLength,
    optional,
    pipe,
    prefault,
    record,
    strictObject,
    string,
    transform,
    union,
  }: typeof own) => [
    string().check(minLength(2), maxLength(3)),
    array(int()).check(minLength(1), maxLength(2)),
    pipe(
      strictObject({ a: optional(_default(int(), 1)) }),
      transform((map) => ({ ...map, seen: true })),
    ),
    strictObject({
      a: union([int(), strictObject({ b: boolean() })]),
      b: optional(prefault(int(), 3)),
      c: pipe(
        optional(string()),
        transform((text) => text),
      ),
    }),
    union([optional(int()), record(string(), boolean())]),
  ];
  const values = [
    ...STRANGE,
    undefined,
    "𝒳",
    "𝒳𝒳𝒳",
    "𝒳𝒳𝒳𝒳",
    [1, 2, 3],
    [1, "x"],
    { a: 1 },
    { a: 1, b: 2, x: 3 },
  ];
  const more = [
    { a: { b: true, x: 1 } },
    { a: { b: 1 }, c: "c" },
    { a: undefined, b: null },
    { c: undefined },
    { b: true },
  ];
  const theirs = schemas(whole as unknown as typeof own);
  schemas(own).forEach((schema, i) => {
    for (const value of [...values, ...more]) {
      const told = ({ success, data, error }: ReturnType<typeof schema.safeParse>) =>
        success ? { data } : error.issues.map(({ code, path }) => `${code} ${path.join(".")}`);
      expect(told(schema.safeParse(value)), `${i} ${JSON.stringify(value)}`).toEqual(
        told(theirs[i]!.safeParse(value)),
      );
    }
  });
});

it("has no name that the package has not", () => {
  for (const name of Object.keys(own)) expect(whole).toHaveProperty(name);
});
