import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { expect, it } from "vitest";
import { root } from "../../../../tools/build/root.ts";

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

it("the manifest that runs sync in a cluster lets it read what it follows, and nothing else", () => {
  const objects = loadAll(readFileSync(join(root, "deploy/sync.yaml"), "utf8")) as {
    kind: string;
    rules?: Rule[];
  }[];
  const rules = objects.find(({ kind }) => kind === "ClusterRole")!.rules!;
  expect(rules.flatMap(({ resources }) => resources).sort()).toEqual([
    "endpointslices",
    "ingresses",
    "services",
  ]);
  for (const { verbs } of rules) expect(verbs).toEqual(["get", "list", "watch"]);
  const text = JSON.stringify(objects);
  for (const name of ["MOORING_URL", "MOORING_ADMIN_TOKEN"]) expect(text).toContain(name);
  expect(text).toContain('"secretKeyRef"');
});
