import { describe, expect, it } from "vitest";
import { parseText } from "../../src/kubernetes/parse-text.ts";
import { mutated, samples } from "../support/mutated.ts";
import { seeded } from "../support/seeded.ts";

describe("Istio's objects", () => {
  it("with values that have no place there are told or refused, and nothing is thrown", () => {
    const chance = seeded(73);
    const all = samples(/^istio-/);
    expect(all.length).toBeGreaterThan(100);
    let taken = 0;
    const rounds = 4000;
    for (let i = 0; i < rounds; i++) {
      const result = mutated(all, chance);
      if (result.ok) taken++;
      for (const { path, message } of result.ok ? result.notices : result.errors) {
        expect(typeof path).toBe("string");
        expect(message).toMatch(/./);
        expect(message).not.toMatch(/\n|\[object|undefined/);
      }
    }
    expect(taken).toBeGreaterThan(rounds / 10);
    expect(taken).toBeLessThan(rounds);
    // On a busy machine it takes twenty times as long as on an idle one.
  }, 120_000);

  it("of hosts by matches that are too many are refused before they are made", () => {
    const hosts = Array.from({ length: 20_000 }, (_, i) => `h${i}.example.com`).join(", ");
    const match = Array.from({ length: 20_000 }, (_, i) => `{ uri: { exact: /${i} } }`).join(", ");
    const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [${hosts}], http: [{ match: [${match}], route: [{ destination: { host: a } }] }] }\n`;
    const result = parseText(text);
    expect(result).toMatchObject({
      ok: false,
      errors: [{ message: "hosts by matches come to 400000000: 100000 routes are the most" }],
    });
  });

  it("of many subsets and many routes are read in time", () => {
    const subsets = Array.from({ length: 500 }, (_, i) => `{ name: s${i}, labels: { version: s${i} } }`).join(
      ", ",
    );
    const routes = Array.from(
      { length: 500 },
      (_, i) =>
        `{ match: [{ uri: { prefix: /${i} } }], route: [{ destination: { host: a, subset: s${i} } }] }`,
    ).join(", ");
    const head = "apiVersion: networking.istio.io/v1";
    const text = `apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 80 }] }\n---\n${head}\nkind: DestinationRule\nmetadata: { name: a }\nspec: { host: a, subsets: [${subsets}] }\n---\n${head}\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [a.example.com], http: [${routes}] }\n`;
    const result = parseText(text);
    expect(result).toMatchObject({ ok: true });
    if (result.ok) expect(result.config.routes.length).toBe(500);
  });
});
