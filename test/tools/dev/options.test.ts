import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOptions } from "../../../tools/dev/options.ts";
import { findSecret } from "../../../tools/dev/secret.ts";
import { toTry } from "../../../tools/dev/try.ts";

describe("the flags of npm start", () => {
  it("have defaults", () => {
    expect(startOptions([])).toEqual({
      port: 8787,
      host: "127.0.0.1",
      config: undefined,
      pods: 3,
      state: undefined,
    });
    expect(startOptions(["--port=1", "--pods", "5", "--config", "a.yaml", "--state", "s"])).toMatchObject({
      port: 1,
      pods: 5,
      config: "a.yaml",
      state: "s",
    });
    expect(startOptions(["-h"])).toBeUndefined();
  });

  it.each([
    [["--pods", "0"], "--pods must be a whole number from 1 to 50"],
    [["--port", "8787x"], '--port must be a whole number from 0 to 65535, not "8787x"'],
    [["--nothing"], "usage: npm start"],
    [["file.yaml"], "usage: npm start"],
  ])("refuse %j", (argv, message) => {
    expect(() => startOptions(argv)).toThrow(message);
  });
});

describe("the secret", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "mooring-secret-test-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("is made once, for its owner's eyes only", () => {
    const made = findSecret({}, dir);
    expect(made.from).toContain("made just now");
    expect(Buffer.from(made.value, "base64url")).toHaveLength(32);
    expect(statSync(join(dir, ".mooring/secret")).mode & 0o777).toBe(0o600);
    expect(findSecret({}, dir)).toEqual({ value: made.value, from: ".mooring/secret" });
  });

  it("comes from the environment first, and is then not written", () => {
    const value = "e".repeat(32);
    expect(findSecret({ MOORING_SECRET: value }, dir)).toEqual({ value, from: "MOORING_SECRET" });
    expect(() => statSync(join(dir, ".mooring"))).toThrow("ENOENT");
  });

  it("that is too short is refused", () => {
    expect(() => findSecret({ MOORING_SECRET: "short" }, dir)).toThrow("at least 32 bytes");
    findSecret({}, dir);
    const path = join(dir, ".mooring/secret");
    chmodSync(path, 0o600);
    writeFileSync(path, "short\n");
    expect(() => findSecret({}, dir)).toThrow("at least 32 bytes");
    expect(readFileSync(path, "utf8")).toBe("short\n");
  });
});

describe("what to try", () => {
  it("shows a token that was made and hides one that was given", () => {
    const shown = { edge: "http://127.0.0.1:1", demo: true };
    expect(toTry({ ...shown, token: "made" })).toContain("Bearer made");
    expect(toTry({ ...shown, token: undefined })).toContain("Bearer $MOORING_ADMIN_TOKEN");
  });
});
