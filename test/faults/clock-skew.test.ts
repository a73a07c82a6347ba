import { describe, expect, it } from "vitest";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";
import { seeded } from "../support/seeded.ts";

/**
 * No process can be lied to about its clock here, so this is the pure layer: the steps of a request, and one clock an edge.
 * What else goes by a clock is the coordinator's alone (docs/architecture.md).
 */
const IDLE = 1800;
const MINUTE = 60_000;
const START = 1_800_000_000_000;

/** Edges of one deployment whose clocks are off by so many milliseconds. */
async function edgesOff(...offsets: readonly number[]) {
  const time = { now: START };
  const config = {
    version: 1,
    explain: true,
    pools: {
      web: {
        pods: [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
        affinity: { cookie: { idle: `${IDLE}s`, absolute: "400d" } },
      },
    },
    routes: [{ pool: "web" }],
  };
  const edges = await Promise.all(
    offsets.map((offset) => TestEdge.start({ config, now: () => time.now + offset })),
  );
  /** A client that stays with its cookie: the outcome and the pod each time it comes. */
  const client = () => {
    let cookie = "";
    return async (edge: TestEdge) => {
      const response = await edge.ask("http://shop.test/", { headers: cookie === "" ? {} : { cookie } });
      for (const [name, value] of cookiesOf(response)) cookie = `${name}=${value}`;
      expect(response.status).toBe(200);
      return { outcome: outcomeOf(response), pod: await response.text() };
    };
  };
  const breaks = () => edges.flatMap(({ edge }) => edge.breaks.map(({ cause }) => cause));
  return { time, edges, client, breaks };
}

describe.each([-1, 1])("clock skew, an edge that is behind or ahead (%i)", (sign) => {
  it("± 60 s: nothing; a session that is seen within its idle time is kept by both", async () => {
    const { time, edges, client, breaks } = await edgesOff(0, sign * MINUTE);
    const chance = seeded(60);
    for (let i = 0; i < 20; i++) {
      const ask = client();
      const { pod } = await ask(edges[i % 2]!);
      for (let visit = 0; visit < 20; visit++) {
        time.now += Math.round(IDLE * 1000 * (chance.below(2) === 0 ? 1 : chance.fraction()));
        expect(await ask(edges[chance.below(2)]!)).toEqual({ outcome: "kept", pod });
      }
    }
    expect(breaks()).toEqual([]);
  });

  it("± 5 min: nothing bounces, and the idle time may end up to 4 min early or late", async () => {
    const { time, edges, client, breaks } = await edgesOff(0, sign * 5 * MINUTE);
    for (let i = 0; i < 20; i++) {
      const ask = client();
      const { pod } = await ask(edges[i % 2]!);
      // Seen at least 4 minutes before it would end, it lives, at whichever edge.
      for (let visit = 1; visit < 12; visit++) {
        time.now += IDLE * 1000 - 4 * MINUTE;
        expect(await ask(edges[(i + visit) % 2]!)).toEqual({ outcome: "kept", pod });
      }
    }
    expect(breaks()).toEqual([]);
    // And once it has ended for the slower clock as well, it has ended: idle, the age of renewal, the leeway, the skew.
    const ask = client();
    await ask(edges[0]!);
    time.now += 1000 * IDLE * (1 + 0.25 * 1.1) + 6 * MINUTE + 1000;
    expect((await ask(edges[1]!)).outcome).toBe("bound");
    expect(breaks()).toEqual(["expired-idle"]);
  });

  it("± 1 h: sessions break where both serve them, each with its cause, and never an error", async () => {
    const { edges, client, breaks } = await edgesOff(0, sign * 60 * MINUTE);
    const ask = client();
    await ask(edges[0]!);
    expect((await ask(edges[0]!)).outcome).toBe("kept");
    // To the one ahead it has long been idle; to the one behind it comes from the future.
    const { outcome } = await ask(edges[1]!);
    expect(outcome).toBe("bound");
    expect((await ask(edges[1]!)).outcome).toBe("kept");
    expect((await ask(edges[0]!)).outcome).toBe("bound");
    // What comes from the future is no session that ended: strangers could fill the ledger with it.
    expect(breaks()).toEqual(["expired-idle"]);
  });
});
