import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { type ServeOptions, serveEnv, serveOptions } from "../../../tools/serve/serve-options.ts";
import { upstashFrom } from "../../../tools/serve/upstash.ts";

const SECRET = "s".repeat(32);
const EDGE = {
  MOORING_SHARED_SECRET: SECRET,
  MOORING_SECRET: SECRET,
  MOORING_COORDINATOR_URL: "http://127.0.0.1:8790",
};

function options(...argv: string[]): ServeOptions {
  const read = serveOptions(argv);
  if (read === undefined) throw new Error("help was asked for");
  return read;
}

describe("the flags of npm run serve", () => {
  it("have defaults for each role", () => {
    expect(options("--role", "edge")).toMatchObject({ role: "edge", port: 8787, host: "127.0.0.1" });
    expect(options("--role", "coordinator", "--state", "/srv")).toMatchObject({ port: 8790, state: "/srv" });
    expect(serveOptions(["--help"])).toBeUndefined();
  });

  it.each([
    ["no role", [], /--role must be edge or coordinator/],
    ["another role", ["--role", "both"], /--role must be edge or coordinator/],
    ["a port that is none", ["--role", "edge", "--port", "65536"], /--port must be a whole number/],
    ["an unknown flag", ["--role", "edge", "--prot", "1"], /Unknown option '--prot'[\s\S]*usage:/],
    ["state of an edge", ["--role", "edge", "--state", "/srv"], /an edge keeps no state/],
  ])("refuse %s", (_name, argv, message) => {
    expect(() => serveOptions(argv)).toThrow(message);
  });
});

describe("the variables of npm run serve", () => {
  it("reach the worker, and no others do", () => {
    const env = serveEnv(options("--role", "edge"), { ...EDGE, HOME: "/root", MOORING_ADMIN_TOKEN: "t" });
    expect(env).toEqual({ ...EDGE, MOORING_ADMIN_TOKEN: "t" });
  });

  // MOORING_TRACES once was in the manual alone: the edge was never told, and GET /traces said to set it.
  it("are all that the manual names", () => {
    const rows = readFileSync(join(root, "docs/deploying.md"), "utf8").match(/^\| `[A-Z].*$/gm) ?? [];
    const named = rows.flatMap((row) => row.match(/(?<=`)(MOORING|UPSTASH)_[A-Z_]+(?=`)/g) ?? []);
    expect(named.length).toBeGreaterThan(12);
    const given = Object.fromEntries(named.map((name) => [name, "https://long.example/0123456789abcdef"]));
    expect(Object.keys(serveEnv(options("--role", "edge"), { ...given, ...EDGE })).sort()).toEqual(
      [...new Set(named)].sort(),
    );
  });

  it("are refused together when they are missing or too short", () => {
    expect(() => serveEnv(options("--role", "edge"), { MOORING_SECRET: "short" })).toThrow(
      "the edge cannot start: MOORING_SHARED_SECRET is not set; MOORING_COORDINATOR_URL is not set; " +
        "MOORING_SECRET must have at least 32 bytes",
    );
    expect(() => serveEnv(options("--role", "coordinator"), {})).toThrow("MOORING_SHARED_SECRET is not set");
    expect(() =>
      serveEnv(options("--role", "edge"), { ...EDGE, MOORING_COORDINATOR_URL: "127.0.0.1:8790" }),
    ).toThrow("must begin with http");
  });

  it("name Redis by both of its variables or by none", () => {
    const both = { UPSTASH_REDIS_REST_URL: "https://r.example", UPSTASH_REDIS_REST_TOKEN: "t" };
    expect(serveEnv(options("--role", "edge"), { ...EDGE, ...both })).toEqual({ ...EDGE, ...both });
    expect(upstashFrom({})).toBeUndefined();
    expect(() => upstashFrom({ UPSTASH_REDIS_REST_TOKEN: "t" })).toThrow("UPSTASH_REDIS_REST_URL is not");
    expect(() => upstashFrom({ UPSTASH_REDIS_REST_URL: "https://r.example" })).toThrow("_TOKEN is not");
    expect(() => upstashFrom({ ...both, UPSTASH_REDIS_REST_URL: "r.example" })).toThrow("must begin with");
  });
});
