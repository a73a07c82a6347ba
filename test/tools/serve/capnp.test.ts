import { describe, expect, it } from "vitest";
import { parseCompatibility } from "../../../tools/build/compatibility.ts";
import { quote, workerdConfig } from "../../../tools/serve/capnp.ts";

const config = {
  modules: [
    { type: "ESModule", name: "index.js" },
    { type: "CompiledWasm", name: "core.wasm" },
  ],
  compatibility: { date: "2026-01-31", flags: ["a", "b"] },
  variables: ["MOORING_SECRET"],
} as const;

describe("the workerd config", () => {
  it("embeds the modules, the entry first, and names variables without their values", () => {
    const text = workerdConfig({
      ...config,
      compatibility: { ...config.compatibility, flags: ["a", "b"] },
      stateDir: undefined,
    });
    expect(text.indexOf('esModule = embed "index.js"')).toBeLessThan(
      text.indexOf('wasm = embed "core.wasm"'),
    );
    expect(text).toContain('(name = "MOORING_SECRET", fromEnvironment = "MOORING_SECRET")');
    expect(text).toContain('compatibilityDate = "2026-01-31"');
    expect(text).toContain('compatibilityFlags = ["a", "b"]');
    expect(text).not.toContain("durableObject");
  });

  it("gives a coordinator both classes, on its disk, with SQL", () => {
    const text = workerdConfig({
      ...config,
      compatibility: { date: "2026-01-31", flags: [] },
      stateDir: "/srv/state",
    });
    for (const [binding, name] of [
      ["COORDINATOR", "Coordinator"],
      ["STORE", "BindingShard"],
    ]) {
      expect(text).toContain(`(name = "${binding}", durableObjectNamespace = "${name}")`);
      expect(text).toContain(`(className = "${name}", uniqueKey = "mooring-${name}", enableSql = true)`);
    }
    expect(text).toContain('disk = (path = "/srv/state", writable = true)');
  });

  // Without it an edge under load held twice as much for nothing: V8 does not count what its runtime holds beside each request.
  it("keeps the heap small, of edges and of coordinators", () => {
    for (const stateDir of [undefined, "/srv/state"]) {
      expect(
        workerdConfig({ ...config, compatibility: { date: "2026-01-31", flags: [] }, stateDir }),
      ).toMatch(/^ {2}v8Flags = \["--max-semi-space-size=4", "--initial-old-space-size=8"\],$/m);
    }
  });

  it("escapes whatever could end a text early", () => {
    expect(quote('a"b\\c\nd')).toBe('"a\\"b\\\\c\\x0ad"');
  });
});

describe("the compatibility of wrangler.toml", () => {
  it("is read from its two lines", () => {
    const toml = 'name = "x"\ncompatibility_date = "2026-07-01"\ncompatibility_flags = ["one", "two"]\n';
    expect(parseCompatibility(toml)).toEqual({ date: "2026-07-01", flags: ["one", "two"] });
  });

  it("must be there", () => {
    expect(() => parseCompatibility('name = "x"\n')).toThrow(/compatibility_date/);
  });
});
