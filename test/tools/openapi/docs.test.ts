import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { OPERATIONS } from "../../../tools/openapi/operations.ts";

it("docs/admin-api.md has a row for every call, with its scope, and no other", () => {
  const page = readFileSync(join(root, "docs/admin-api.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([A-Z]+) (\/[^`]+)` \| (\S+) \|/gm)];
  expect(rows.map(([, method, path, scope]) => `${method} ${path} ${scope}`)).toEqual(
    OPERATIONS.map(({ method, path, scope }) => `${method.toUpperCase()} ${path} ${scope ?? "–"}`),
  );
});
