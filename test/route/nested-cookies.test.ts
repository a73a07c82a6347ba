import { expect, it } from "vitest";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";

const pods = ["p-0", "p-1", "p-2"].map((id, i) => ({ id, url: `http://127.0.0.1:${i + 1}` }));
const affinity = { cookie: { name: "sid", path: "matched" } };

/**
 * One name for the cookies of several backends of a host is what ingress-nginx gives everybody. It had been refused, though
 * a browser tells cookies apart by their paths, and each scope opens its own alone.
 */
it("keeps the sessions of two scopes apart whose cookies have one name and paths one within the other", async () => {
  const config = {
    version: 1,
    explain: true,
    pools: { web: { pods, affinity }, api: { pods, affinity } },
    routes: [
      { path: "/", pool: "web" },
      { path: "/api/", pool: "api" },
    ],
  };
  const edge = await TestEdge.start({ config });
  const [web, api] = [await edge.ask("http://shop.test/"), await edge.ask("http://shop.test/api/")];
  expect(web.headers.get("set-cookie")).toMatch(/; Path=\/; HttpOnly/);
  expect(api.headers.get("set-cookie")).toMatch(/; Path=\/api\/; HttpOnly/);
  // The longest path first (RFC 6265, section 5.4).
  const cookie = [api, web].map((answer) => cookiesOf(answer)[0]!.join("=")).join("; ");
  for (const [path, first] of [
    ["/api/", api],
    ["/", web],
  ] as const) {
    const next = await edge.ask(`http://shop.test${path}`, { headers: { cookie } });
    expect([outcomeOf(next), await next.text()]).toEqual(["kept", await first.text()]);
    expect(new Headers(edge.shipped.at(-1)!.headers).get("cookie")).toBeNull();
  }
});
