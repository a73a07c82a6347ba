import { expect, it } from "vitest";
import text from "../../../worker/admin/openapi.txt";
import { app } from "../../../worker/app.ts";

const document = JSON.parse(text) as { paths: Record<string, object> };

it("documents every route that there is, and no other", () => {
  const documented = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((key) => key !== "parameters")
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  expect([...new Set(served)].sort()).toEqual(documented.sort());
});
