import { readdirSync, readFileSync } from "node:fs";
import { readDocuments } from "../../src/config/document.ts";
import { isKubernetes } from "../../src/kubernetes/flatten.ts";
import { parsePlaced } from "../../src/kubernetes/parse-text.ts";
import type { seeded } from "./seeded.ts";

const FOLDER = new URL("../kubernetes/goldens/", import.meta.url);
/** Values that have no place where they come to stand. */
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

/** The documents of the goldens whose names begin so, each case by itself. */
export function samples(begin: RegExp): unknown[][] {
  return readdirSync(FOLDER)
    .filter((name) => begin.test(name))
    .flatMap((name) => readFileSync(new URL(name, FOLDER), "utf8").split(/^=== .*\n/m))
    .flatMap((block) => {
      const read = readDocuments(block.split("\n----------\n")[0]!, isKubernetes);
      return "documents" in read
        ? [read.documents.filter(({ foreign }) => foreign).map(({ value }) => value)]
        : [];
    })
    .filter((values) => values.length > 0);
}

/** What one of the samples comes to with up to three of its values replaced by odd ones. */
export function mutated(
  all: readonly unknown[][],
  chance: ReturnType<typeof seeded>,
): ReturnType<typeof parsePlaced> {
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
  return parsePlaced(
    [],
    values.map((value, n) => ({ value, place: `document ${n + 1}` })),
  );
}
