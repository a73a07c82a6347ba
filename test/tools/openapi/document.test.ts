import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { openapi } from "../../../tools/openapi/document.ts";

const served = () =>
  JSON.parse(readFileSync(join(root, "worker/admin/openapi.txt"), "utf8")) as Record<string, unknown>;

it("is OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(served());
  expect([valid, errors]).toEqual([true, undefined]);
  expect(validator.version).toBe("3.1");
});

it("is served as the schemas say: npm run openapi writes it anew", () => {
  expect(served()).toEqual(JSON.parse(JSON.stringify(openapi())));
});
