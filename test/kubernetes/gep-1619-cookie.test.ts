import { describe, expect, it } from "vitest";
import { parseText } from "../../src/kubernetes/parse-text.ts";
import { cookiesOf, outcomeOf } from "../support/edge.ts";
import {
  at,
  HOST,
  NAMED,
  policyOf,
  routeOf,
  SERVICES,
  START,
  splitOf,
  start,
  V1,
} from "../support/gateway.ts";

/** What GEP-1619, session persistence, says of the cookie. */
describe("the cookie", () => {
  const permanent =
    "sessionPersistence: { sessionName: session-a, absoluteTimeout: 5m, cookieConfig: { lifetimeType: Permanent } }";

  it("Permanent: absoluteTimeout MUST configure Expires or Max-Age", async () => {
    const { browser } = await start([routeOf(at("/", permanent, V1))]);
    const one = browser();
    await one.get("/");
    expect(one.lines[0]).toMatch(/^session-a=[\w-]{96}; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it("Session: absoluteTimeout MUST regulate its life by another way, without an attribute", async () => {
    const { browser, clock } = await start([
      routeOf(
        at("/", "sessionPersistence: { sessionName: session-a, absoluteTimeout: 10m, idleTimeout: 9m }", V1),
      ),
    ]);
    const one = browser();
    expect((await one.get("/")).outcome).toBe("bound");
    expect(one.lines[0]).not.toMatch(/Max-Age|Expires/i);
    // Seen all the time, and over all the same.
    for (let minute = 1; minute < 10; minute++) {
      clock.now = START + minute * 60_000;
      expect((await one.get("/")).outcome).toBe("kept");
      for (const line of one.lines) expect(line).not.toMatch(/Max-Age|Expires/i);
    }
    clock.now = START + 10 * 60_000 + 1000;
    expect((await one.get("/")).outcome).toBe("bound");
  });

  it("Permanent: absoluteTimeout MUST be set as well", () => {
    const bad = routeOf(at("/", "sessionPersistence: { cookieConfig: { lifetimeType: Permanent } }", V1));
    expect(parseText(`${SERVICES}---\n${bad}`)).toMatchObject({
      ok: false,
      errors: [
        {
          path: "HTTPRoute default/route-x: spec.rules[0].sessionPersistence.absoluteTimeout",
          message: "is missing",
        },
      ],
    });
  });

  it("of a policy: Path MUST NOT be a route's, as many routes lead to one service; without Path it would be narrower than /", async () => {
    const { browser } = await start([
      policyOf("lbp", "servicev1", "{ sessionName: cart, absoluteTimeout: 1h }"),
      routeOf(at("/deep/in/a/shop", V1)),
    ]);
    const one = browser();
    await one.get("/deep/in/a/shop/1");
    expect(one.lines[0]).toMatch(/; Path=\/;/);
  });

  it("a browser that asks several persistent services from one page MUST be handled", async () => {
    const { browser } = await start([
      routeOf(
        at("/a", "sessionPersistence: { sessionName: a, absoluteTimeout: 1h }", V1),
        at("/b", "sessionPersistence: { sessionName: b, absoluteTimeout: 1h }", splitOf(0, 1)),
      ),
    ]);
    const one = browser();
    const [a, b] = [await one.get("/a"), await one.get("/b")];
    for (let i = 0; i < 5; i++) {
      expect(await one.get("/a")).toMatchObject({ pod: a.pod, outcome: "kept" });
      expect(await one.get("/b")).toMatchObject({ pod: b.pod, outcome: "kept" });
    }
  });

  it("multiple cookies MUST be handled: those of the application pass both ways beside it", async () => {
    const seen: (string | null)[] = [];
    const { edge } = await start([routeOf(at("/", NAMED, V1))], {
      pod: ({ pod, headers }) => {
        seen.push(new Headers(headers).get("cookie"));
        return new Response(pod.id, { headers: { "set-cookie": "JSESSIONID=1; Path=/" } });
      },
    });
    const first = await edge.ask(`${HOST}/`, { headers: { cookie: "theme=dark" } });
    const [own, minted] = [
      cookiesOf(first).find(([name]) => name === "session-a")!,
      cookiesOf(first).find(([name]) => name === "JSESSIONID")!,
    ];
    expect([own[1].length, minted[1]]).toEqual([96, "1"]);
    const again = await edge.ask(`${HOST}/`, {
      headers: { cookie: `theme=dark; session-a=${own[1]}; JSESSIONID=1` },
    });
    expect(outcomeOf(again)).toBe("kept");
    expect(seen).toEqual(["theme=dark", "theme=dark; JSESSIONID=1"]);
  });
});
