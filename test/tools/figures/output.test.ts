import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { conclude, toItsEnd } from "../../../tools/figures/output.ts";
import { atLeast, none } from "../../../tools/fleet/gate.ts";

let dir = "";
let before: typeof process.exitCode;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mooring-figures-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => {
  before = process.exitCode;
  process.exitCode = undefined;
});
afterEach(() => {
  process.exitCode = before;
  vi.restoreAllMocks();
});

it("writes the figures also of a run that fails, which ends with 1", () => {
  const file = join(dir, "figures.json");
  const gates = [none("errors", 2, "errors"), atLeast("steps", 8, 8, "steps")];
  conclude(file, gates, { seconds: [] });
  expect(process.exitCode).toBe(1);
  const told = JSON.parse(readFileSync(file, "utf8"));
  expect(told).toEqual({ machine: expect.objectContaining({ node: process.version }), gates, seconds: [] });
  process.exitCode = undefined;
  conclude(undefined, gates.slice(1));
  expect(process.exitCode).toBeUndefined();
});

it("counts a run that breaks down as one that fails", async () => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  const gates = await toItsEnd(() => Promise.reject(new Error("no port")));
  expect(gates).toMatchObject([{ name: "came to its end", value: 0, pass: false }]);
  expect(console.error).toHaveBeenCalledWith(new Error("no port"));
});

it.skipIf(!existsSync("/dev/full"))("says that a disk has become full meanwhile", () => {
  const said = vi.spyOn(console, "error").mockReturnValue(undefined);
  conclude("/dev/full", []);
  expect(process.exitCode).toBe(2);
  expect(said.mock.calls[0]?.[0]).toContain("error: /dev/full could not be written: ENOSPC");
});
