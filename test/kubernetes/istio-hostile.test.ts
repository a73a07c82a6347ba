import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readDocuments } from "../../src/config/document.ts";
import { isKubernetes } from "../../src/kubernetes/flatten.ts";
import { parsePlaced, parseText } from "../../src/kubernetes/parse-text.ts";
import { seeded } from "../support/seeded.ts";

const FOLDER = new URL("./goldens/", import.meta.url);
const ODD = [
  Number.NaN,
  -1,
  0,
  1.5,
  2 ** 63,
  true,
  null,
  undefined,
  "",
  "*",
  "a.b",
  "0s",
  [],
  [null],
  {},
  { a: 1 },
];

type Value = Record<string, unknown> | unknown[];
const isTree = (value: unknown): value is Value => typeof value === "object" && value !== null;

/** The documents of all goldens of Istio's objects, each case by itself. */
function samples(): unknown[][] {
  return readdirSync(FOLDER)
    .filter((name) => name.startsWith("istio-"))
    .flatMap((name) => readFileSync(new URL(name, FOLDER), "utf8").split(/^=== .*\n/m))
    .flatMap((block) => {
      const read = readDocuments(block.split("\n----------\n")[0]!, isKubernetes);
      return "documents" in read
        ? [read.documents.filter(({ foreign }) => foreign).map(({ value }) => value)]
        : [];
    })
    .filter((values) => values.length > 0);
}

describe("Istio's objects", () => {
  it("with values that have no place there are told or refused, and nothing is thrown", () => {
    const chance = seeded(73);
    const all = samples();
    expect(all.length).toBeGreaterThan(100);
    let taken = 0;
    const rounds = 4000;
    for (let i = 0; i < rounds; i++) {
      const values = structuredClone(all[chance.below(all.length)]!);
      for (let edit = 0; edit <= chance.below(3); edit++) {
        let at: Value = values;
        // Down to a leaf, or nearly.
        for (;;) {
          const keys: string[] = Object.keys(at);
          if (keys.length === 0) break;
          const key = keys[chance.below(keys.length)]! as keyof typeof at;
          const below: unknown = at[key];
          if (isTree(below) && Object.keys(below).length > 0 && chance.below(8) > 0) at = below as Value;
          else {
            at[key] = structuredClone(ODD[chance.below(ODD.length)]) as never;
            break;
          }
        }
      }
      const result = parsePlaced(
        [],
        values.map((value, n) => ({ value, place: `document ${n + 1}` })),
      );
      if (result.ok) taken++;
      for (const { path, message } of result.ok ? result.notices : result.errors) {
        expect(typeof path).toBe("string");
        expect(message).toMatch(/./);
        expect(message).not.toMatch(/\n|\[object|undefined/);
      }
    }
    expect(taken).toBeGreaterThan(rounds / 10);
    expect(taken).toBeLessThan(rounds);
  });

  it("of hosts by matches that are too many are refused before they are made", () => {
    const hosts = Array.from({ length: 20_000 }, (_, i) => `h${i}.example.com`).join(", ");
    const match = Array.from({ length: 20_000 }, (_, i) => `{ uri: { exact: /${i} } }`).join(", ");
    const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [${hosts}], http: [{ match: [${match}], route: [{ destination: { host: a } }] }] }\n`;
    const result = parseText(text);
    expect(result).toMatchObject({
      ok: false,
      errors: [{ message: "hosts by matches come to 400000000: 100000 routes are the most" }],
    });
  });

  it("of many subsets and many routes are read in time", () => {
    const subsets = Array.from({ length: 500 }, (_, i) => `{ name: s${i}, labels: { version: s${i} } }`).join(
      ", ",
    );
    const routes = Array.from(
      { length: 500 },
      (_, i) =>
        `{ match: [{ uri: { prefix: /${i} } }], route: [{ destination: { host: a, subset: s${i} } }] }`,
    ).join(", ");
    const head = "apiVersion: networking.istio.io/v1";
    const text = `apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 80 }] }\n---\n${head}\nkind: DestinationRule\nmetadata: { name: a }\nspec: { host: a, subsets: [${subsets}] }\n---\n${head}\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [a.example.com], http: [${routes}] }\n`;
    const result = parseText(text);
    expect(result).toMatchObject({ ok: true });
    if (result.ok) expect(result.config.routes.length).toBe(500);
  });
});
