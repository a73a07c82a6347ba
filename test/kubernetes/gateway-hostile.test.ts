import { describe, expect, it } from "vitest";
import { parseText } from "../../src/kubernetes/parse-text.ts";
import { mutated, samples } from "../support/mutated.ts";
import { seeded } from "../support/seeded.ts";

const ROUTE = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: a }\nspec: ";

describe("objects of the Gateway API and of Envoy Gateway", () => {
  it("with values that have no place there are told or refused, and nothing is thrown", () => {
    const chance = seeded(74);
    const all = samples(/^(?:gateway|envoy)-/);
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
    const matches = Array.from({ length: 20_000 }, (_, i) => `{ path: { value: /${i} } }`).join(", ");
    const result = parseText(`${ROUTE}{ hostnames: [${hosts}], rules: [{ matches: [${matches}] }] }\n`);
    expect(result).toMatchObject({
      ok: false,
      errors: [{ message: "hosts by matches come to 400000000: 100000 routes are the most" }],
    });
  });

  it("of many rules with sessions of one name are read in time", () => {
    const rules = Array.from(
      { length: 500 },
      (_, i) =>
        `{ matches: [{ path: { value: /${i} } }], backendRefs: [{ name: a, port: 80 }], sessionPersistence: { sessionName: a } }`,
    ).join(", ");
    const service = "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 80 }] }\n";
    const result = parseText(`${service}---\n${ROUTE}{ rules: [${rules}] }\n`);
    expect(result).toMatchObject({ ok: true });
    if (result.ok) expect(result.config.pools.length).toBe(500);
  });
});
