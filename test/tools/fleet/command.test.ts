import { expect, it } from "vitest";
import { commandOf } from "../../../tools/fleet/command.ts";

it("names what was run, and not where its figures went", () => {
  const named = (...argv: string[]) => commandOf("npm run fleet", argv, ["--json", "--report"]);
  expect(named()).toBe("npm run fleet");
  expect(named("--json", "/tmp/a", "--quick", "--only", "long", "--report=/tmp/b")).toBe(
    "npm run fleet -- --quick --only long",
  );
  expect(named("--report", "b")).toBe("npm run fleet");
});
