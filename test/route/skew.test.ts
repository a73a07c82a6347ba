import { beforeAll, describe, expect, it } from "vitest";
import { AHEAD, LEEWAY, renewalAge, verdict } from "../../src/sessions/expiry.ts";
import type { Token } from "../../src/sessions/token.ts";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";
import { seeded } from "../support/seeded.ts";

/** How far a clock is off at most here, in either direction. Two of them agree within twice that. Seconds. */
const SKEW = 30;
const ABSOLUTE = 43_200;
const IAT = 1_800_000_000;

const sidOf = (byte: number) => byte.toString(16).padStart(2, "0").repeat(16);
const tokenOf = (byte: number, iat = IAT): Token => {
  const life = { iat, exp: iat + ABSOLUTE };
  return { sid: sidOf(byte), pod: 1, home: 1, epoch: 1, ...life, flags: 0 };
};

/** Ages at which a verdict changes. Seconds. */
function boundsOf(idle: number, byte: number): number[] {
  const renewal = renewalAge(idle, sidOf(byte));
  return [-AHEAD, renewal, idle + renewal + LEEWAY, ABSOLUTE];
}

/** Half seconds around each bound, and every minute between them. */
function agesAround(bounds: readonly number[]): number[] {
  const ages = bounds.flatMap((bound) => Array.from({ length: 361 }, (_, i) => bound - 90 + i / 2));
  for (let age = -600; age < ABSOLUTE + 600; age += 60) ages.push(age);
  return ages.sort((a, b) => a - b);
}

const IDLES = [60, 239, 240, 241, 1800, 7200, ABSOLUTE];
const BYTES = [0, 1, 127, 128, 255];
const GRID = IDLES.flatMap((idle) => BYTES.map((byte) => [idle, byte] as const));

describe.each(GRID)("an idle time of %i s, a sid that begins with %i: two clocks", (idle, byte) => {
  const renewal = renewalAge(idle, sidOf(byte));
  const bounds = boundsOf(idle, byte);
  const says = (age: number) => verdict(tokenOf(byte), renewal, idle, IAT + age);

  it("that are 30 s off either way judge differently only within 30 s of a bound", () => {
    let differ = 0;
    for (const age of agesAround(bounds)) {
      if (says(age - SKEW) === says(age + SKEW)) continue;
      differ++;
      const nearest = Math.min(...bounds.map((bound) => Math.abs(age - bound)));
      expect(nearest, `${says(age - SKEW)} and ${says(age + SKEW)} at ${age} s`).toBeLessThanOrEqual(SKEW);
    }
    // They do differ there, or nothing was tested.
    expect(differ).toBeGreaterThan(0);
  });

  it("judge in one order as time goes on, and neither goes back", () => {
    const order = ["ahead", "good", "renew", "expired-idle", "expired-absolute"];
    const ranks = agesAround(bounds).map((age) => order.indexOf(says(age)));
    for (let i = 1; i < ranks.length; i++) expect(ranks[i]).toBeGreaterThanOrEqual(ranks[i - 1]!);
  });
});

describe.each([60, 240, 1800])("sessions with an idle time of %i s at edges whose clocks are off", (idle) => {
  /** Offsets of the clocks from the true time. Milliseconds. */
  const offsets = [-SKEW * 1000, -700, SKEW * 1000];
  let edges: TestEdge[];
  let late: TestEdge;
  let now = IAT * 1000;

  beforeAll(async () => {
    const config = {
      version: 1,
      explain: true,
      pools: {
        web: {
          pods: [0, 1].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
          affinity: { cookie: { idle: `${idle}s`, absolute: "400d" } },
        },
      },
      routes: [{ pool: "web" }],
    };
    const start = (offset: number) => TestEdge.start({ config, now: () => now + offset });
    edges = await Promise.all(offsets.map(start));
    late = await start(idle * 500 + LEEWAY * 1000);
  });

  /** A client that stays with its cookie; answers what became of its session each time it comes. */
  const client = () => {
    let cookie = "";
    return async (edge: TestEdge) => {
      const response = await edge.ask("http://shop.test/", { headers: cookie === "" ? {} : { cookie } });
      for (const [name, value] of cookiesOf(response)) cookie = `${name}=${value}`;
      return outcomeOf(response);
    };
  };

  it("no session dies that is seen within its idle time, however its requests fall", async () => {
    // What it holds was good or renewed when it was last seen, so at most r old by the clock there; then idle passes, and
    // the clock here is at most 60 s further: idle + r + 60 in all, which is the bound. r is over 1 s, as iat is rounded.
    const chance = seeded(idle);
    for (let i = 0; i < 40; i++) {
      const ask = client();
      expect(await ask(edges[i % 3]!)).toBe("bound");
      for (let visit = 0; visit < 25; visit++) {
        // As often as not the longest silence there may be, else any.
        now += Math.round(idle * 1000 * (chance.below(2) === 0 ? 1 : chance.fraction()));
        expect(await ask(edges[chance.below(3)]!)).toBe("kept");
      }
    }
    // The worst there is: held until just before it is renewed, by the clock behind; then seen by the one ahead.
    for (let i = 0; i < 40; i++) {
      const ask = client();
      await ask(edges[0]!);
      now += Math.floor(renewalAge(idle, sidOf(0)) - 1) * 1000;
      expect(await ask(edges[0]!)).toBe("kept");
      now += idle * 1000;
      expect(await ask(edges[2]!)).toBe("kept");
    }
  });

  it("while one dies at a clock that is off by more than it bears", async () => {
    const ask = client();
    await ask(edges[0]!);
    now += idle * 1000;
    expect(await ask(late)).toBe("bound");
    expect(late.edge.breaks.map(({ cause }) => cause)).toEqual(["expired-idle"]);
  });
});
