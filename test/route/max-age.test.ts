import { describe, expect, it } from "vitest";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";

const URL = "http://shop.test/";

const configOf = (cookie: object) => ({
  version: 1,
  explain: true,
  pools: { web: { pods: [{ id: "web-0", url: "http://127.0.0.1:1" }], affinity: { cookie } } },
  routes: [{ pool: "web" }],
});

const maxAgeOf = (response: Response) => {
  const found = /; Max-Age=(\d+);/.exec(response.headers.getSetCookie()[0] ?? "");
  return found === null ? undefined : Number(found[1]);
};

/** Asks again and again, each time so many seconds later; Max-Age by second, of those responses that set the cookie. */
async function renewals(cookie: object, step: number, end: number): Promise<[number, number | undefined][]> {
  const start = 1_800_000_000_000;
  let now = start;
  const edge = await TestEdge.start({ config: configOf(cookie), now: () => now });
  const found: [number, number | undefined][] = [];
  let headers = {};
  for (let at = 0; at <= end; at += step) {
    now = start + at * 1000;
    const response = await edge.ask(URL, { headers });
    expect(outcomeOf(response)).toBe(at === 0 ? "bound" : "kept");
    const [[name, value] = ["", ""]] = cookiesOf(response);
    if (name === "") continue;
    headers = { cookie: `${name}=${value}` };
    found.push([at, maxAgeOf(response)]);
  }
  return found;
}

describe("Max-Age", () => {
  it("of a renewed cookie ends with the session, where it is as long as that", async () => {
    const found = await renewals({ idle: "40s", absolute: "2m", maxAge: "2m" }, 5, 120);
    expect(found[0]).toEqual([0, 120]);
    expect(found.length).toBeGreaterThan(5);
    // A cookie that is told to end in 0 s is deleted, and its session has not ended yet.
    for (const [at, maxAge] of found) expect(maxAge).toBe(Math.max(1, 120 - at));
  });

  it("slides where it is shorter, until the end comes nearer than that", async () => {
    const found = await renewals({ idle: "40s", absolute: "2m", maxAge: "1m" }, 5, 115);
    for (const [at, maxAge] of found) expect(maxAge).toBe(Math.min(60, 120 - at));
  });

  it("is not written where none is asked for", async () => {
    const found = await renewals({ idle: "40s", absolute: "2m" }, 20, 100);
    expect(found.map(([, maxAge]) => maxAge)).toEqual(found.map(() => undefined));
  });
});

describe("a session of seconds", () => {
  it("ends when its second is over", async () => {
    let now = 1_800_000_000_000;
    const edge = await TestEdge.start({ config: configOf({ idle: "1s", absolute: "2s" }), now: () => now });
    const first = await edge.ask(URL);
    const [[name, value] = ["", ""]] = cookiesOf(first);
    const headers = { cookie: `${name}=${value}` };
    now += 2000;
    expect(outcomeOf(await edge.ask(URL, { headers }))).toBe("kept");
    now += 1000;
    expect(outcomeOf(await edge.ask(URL, { headers }))).toBe("bound");
    expect(edge.edge.breaks.map(({ cause }) => cause)).toEqual(["expired-absolute"]);
  });
});
