import { beforeAll, describe, expect, it } from "vitest";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";
import { seeded } from "../support/seeded.ts";

const STRANGERS = 10_000;
/** Lookups a second that strangers' keys are worth. */
const RATE = 200;

const CONFIG = {
  version: 1,
  explain: true,
  pools: {
    web: {
      policy: "random",
      pods: [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
      affinity: { learn: { cookie: "SESSIONID" } },
    },
  },
  routes: [{ pool: "web" }],
};

describe("ten thousand session ids that no pod has minted", () => {
  const chance = seeded(4);
  let now = 1_800_000_000_000;
  let edge: TestEdge;
  const logins = new Map<string, string>();

  beforeAll(async () => {
    edge = await TestEdge.start({
      now: () => now,
      config: CONFIG,
      pod: ({ rest, pod }) => {
        if (!rest.startsWith("/login/")) return new Response(pod.id);
        const session = rest.slice("/login/".length);
        logins.set(session, pod.id);
        return new Response(pod.id, { headers: { "set-cookie": `SESSIONID=${session}; Path=/` } });
      },
    });
  });

  const ask = (session: string) =>
    edge.ask("http://shop.test/", { headers: { cookie: `SESSIONID=${session}` } });
  const stranger = () =>
    [chance.text(32), "v".repeat(4096) + chance.text(8), `"${chance.text(20)}"`, `\xe9${chance.text(9)}`][
      chance.below(4)
    ]!;

  it("cost two hundred lookups a second, and leave nothing behind", async () => {
    const seconds = 5;
    for (let second = 0; second < seconds; second++) {
      const wave = Array.from({ length: STRANGERS / seconds }, stranger);
      const answers = await Promise.all(wave.map(ask));
      await edge.idle();
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(outcomeOf))).toEqual(new Set(["unkeyed"]));
      expect(answers.flatMap(cookiesOf)).toEqual([]);
      expect(edge.store.calls).toBeLessThanOrEqual(RATE * (second + 1));
      now += 1000;
    }
    expect([edge.store.writes, edge.store.bindings.size, edge.edge.flights.size]).toEqual([0, 0, 0]);
    expect(edge.edge.breaks).toEqual([]);
  });

  it("keep no pod from minting meanwhile, nor anyone from being found elsewhere", async () => {
    // A flood of strangers had taken every lookup of this second, and the edge went on without the store: what pods minted
    // was bound nowhere, so that other edges sent its clients anywhere.
    await Promise.all(Array.from({ length: 1000 }, () => ask(stranger())));
    await Promise.all(Array.from({ length: 50 }, (_, i) => edge.ask(`http://shop.test/login/session-${i}`)));
    await edge.idle();
    expect(edge.store.bindings.size).toBe(50);
    now += 1000;
    // Another edge knows only what is in the store.
    const other = await TestEdge.start({ config: CONFIG, now: () => now, store: edge.store });
    for (const [session, home] of logins) {
      const response = await other.ask("http://shop.test/", { headers: { cookie: `SESSIONID=${session}` } });
      expect([await response.text(), outcomeOf(response)]).toEqual([home, "kept"]);
    }
  });
});
