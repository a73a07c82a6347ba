import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";

const dir = mkdtempSync(join(tmpdir(), "mooring-count-test-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = (status: string, ...results: string[]) => ({
  status,
  assertionResults: results.map((result) => ({ status: result })),
});

it.each([
  ["all is well", { testResults: [file("passed", "passed", "passed")] }, 0, 0, "3 passed, 0 failed", 0],
  ["a test fails", { testResults: [file("failed", "passed", "failed")] }, 0, 1, "2 passed, 1 failed", 1],
  ["a file cannot be loaded", { testResults: [file("failed")] }, 0, 1, "1 passed, 1 failed", 1],
  ["the check fails", { testResults: [file("passed", "passed")] }, 1, 0, "1 passed, 1 failed", 1],
  ["an error that no test owns", { testResults: [file("passed", "passed")] }, 0, 1, "2 passed, 1 failed", 1],
  ["the tests never began", undefined, 0, 1, "1 passed, 1 failed", 1],
  ["skipped is neither", { testResults: [file("passed", "skipped")] }, 0, 0, "1 passed, 0 failed", 0],
])("counts: %s", (_name, report, check, tests, line, code) => {
  const path = join(dir, "report.json");
  writeFileSync(path, report === undefined ? "" : JSON.stringify(report));
  const counter = join(root, "tools/test/count.mjs");
  const answer = spawnSync(process.execPath, [counter, path, String(check), String(tests)], {
    encoding: "utf8",
  });
  expect(answer.stdout).toBe(`${line}\n`);
  expect(answer.status).toBe(code);
});
