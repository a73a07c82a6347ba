import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ask, cookieOf, DEPLOYMENT, logIn, ORIGIN, put, submit, TOKENS } from "./browser.workers.ts";

const HOME = "/_mooring/";
const LOGIN = "/_mooring/console/login";
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const HOUR = 3_600_000;

beforeAll(() =>
  put({
    version: 1,
    pools: { secretpool: { pods: [{ id: "secretpod", url: "http://127.0.0.1:1" }] } },
    routes: [{ path: "/", pool: "secretpool" }],
  }),
);
afterEach(() => {
  vi.restoreAllMocks();
});

describe("logging in", () => {
  it("gives a cookie that no script reads, no other site sends, no pod sees, and that lasts 12 hours", async () => {
    const response = await logIn(TOKENS.MOORING_ADMIN_TOKEN);
    expect([response.status, response.headers.get("location")]).toEqual([303, HOME]);
    const cookie = response.headers.get("set-cookie")!;
    expect(cookie).toMatch(
      /^mooring-console=[\w-]{60}; Path=\/_mooring; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(cookie).not.toContain(TOKENS.MOORING_ADMIN_TOKEN);
    const page = await ask(HOME, { headers: { cookie: await cookieOf() } });
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain("secretpool");
    expect(html).not.toContain(TOKENS.MOORING_ADMIN_TOKEN);
  });

  it("leads to the page that was asked for, and to none that is elsewhere", async () => {
    const asked = await ask("/_mooring/console/sessions?pool=secretpool");
    expect(asked.status).toBe(303);
    const login = asked.headers.get("location")!;
    expect(login).toBe(`${LOGIN}?to=${encodeURIComponent("/_mooring/console/sessions?pool=secretpool")}`);
    expect(await (await ask(login)).text()).toContain('value="/_mooring/console/sessions?pool=secretpool"');
    for (const to of [
      "https://evil.example/",
      "//evil.example",
      "/_mooring/../x",
      "/_mooring/console/../../x",
      "/_mooring/console/%2E%2e/%2e%2E/x",
      "/shop",
      "javascript:alert(1)",
    ]) {
      const sent = await submit(LOGIN, { token: TOKENS.MOORING_ADMIN_TOKEN, to });
      expect(sent.headers.get("location"), to).toBe(HOME);
    }
  });

  it("is off without tokens, and without a good secret, and says so", async () => {
    const { MOORING_ADMIN_TOKEN: _, MOORING_READ_TOKEN: __, ...bare } = DEPLOYMENT;
    const response = await logIn("anything", { env: bare });
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining("MOORING_ADMIN_TOKEN"),
    ]);
  });

  it("ends with logging out", async () => {
    const response = await submit("/_mooring/console/logout", {}, { headers: { cookie: await cookieOf() } });
    expect(response.headers.get("location")).toBe(LOGIN);
    expect(response.headers.get("set-cookie")).toMatch(/^mooring-console=; Path=\/_mooring; Max-Age=0; /);
  });
});

describe("a cookie", () => {
  const open = async (cookie: string, env = DEPLOYMENT) =>
    (await ask(HOME, { headers: { cookie }, env })).status;

  it("is good for 12 hours and no longer", async () => {
    const cookie = await cookieOf();
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockReturnValue(now + 12 * HOUR - 2000);
    expect(await open(cookie)).toBe(200);
    clock.mockReturnValue(now + 12 * HOUR + 1000);
    expect(await open(cookie)).toBe(303);
  });

  it("is good for the token it was given for, and ends with that", async () => {
    const cookie = await cookieOf();
    expect(await open(cookie, { ...DEPLOYMENT, MOORING_ADMIN_TOKEN: "another-admin-token" })).toBe(303);
  });

  it("outlives a rotation of the secret as long as tokens of sessions do", async () => {
    const cookie = await cookieOf();
    const MOORING_SECRET = "another-secret-for-tests-of-32-bytes-and-more";
    expect(await open(cookie, { ...DEPLOYMENT, MOORING_SECRET })).toBe(303);
    const rotated = { ...DEPLOYMENT, MOORING_SECRET, MOORING_SECRET_PREVIOUS: DEPLOYMENT.MOORING_SECRET! };
    expect(await open(cookie, rotated)).toBe(200);
  });

  it("is no good with one character changed, cut, or made up; a good one among those of pods is found", async () => {
    const cookie = await cookieOf();
    for (const at of [17, 20, 40, cookie.length - 1]) {
      const other = cookie[at] === "A" ? "B" : "A";
      expect(await open(cookie.slice(0, at) + other + cookie.slice(at + 1)), String(at)).toBe(303);
    }
    expect(await open(cookie.slice(0, -1))).toBe(303);
    expect(await open(`mooring-console=${"A".repeat(60)}`)).toBe(303);
    expect(await open(`a=b; mooring-console=of-a-pod; ${cookie}`)).toBe(200);
  });

  it("reads the API where a token would, and changes nothing there", async () => {
    const cookie = await cookieOf();
    expect((await ask("/_mooring/v1/pools", { headers: { cookie } })).status).toBe(200);
    expect((await ask("/_mooring/metrics", { headers: { cookie } })).status).toBe(200);
    const path = "/_mooring/v1/pools/secretpool/pods/secretpod";
    const change = {
      method: "PATCH",
      body: '{"state":"disabled"}',
      headers: { cookie, "content-type": "application/json" },
    };
    expect((await ask(path, change)).status).toBe(401);
    const foreign = { cookie, "sec-fetch-site": "cross-site" };
    expect((await ask("/_mooring/v1/pools", { headers: foreign })).status).toBe(403);
    const wrong = { cookie, authorization: "Bearer wrong" };
    expect((await ask("/_mooring/v1/pools", { headers: wrong })).status).toBe(401);
  });

  it("of a token that may only look shows no forms that change anything, and none of them is done", async () => {
    const cookie = await cookieOf(TOKENS.MOORING_READ_TOKEN);
    const page = "/_mooring/console/pools/secretpool/pods/secretpod";
    const html = await (await ask(page, { headers: { cookie } })).text();
    expect(html).toContain("secretpod");
    expect(html.match(/<form[^>]*action="([^"]*)"/g)).toEqual([expect.stringContaining("/logout")]);
    expect((await submit(`${page}/drain`, {}, { headers: { cookie } })).status).toBe(403);
    expect((await submit(`${page}/disable`, {}, { headers: { cookie } })).status).toBe(403);
  });
});

describe("strangers", () => {
  const drain = "/_mooring/console/pools/secretpool/pods/secretpod/drain";

  it("see nothing of pods, whatever they ask for, and the policy with every answer", async () => {
    const paths = [
      HOME,
      "/_mooring",
      "/_mooring/console",
      LOGIN,
      "/_mooring/console/pools",
      "/_mooring/console/pools/secretpool",
      "/_mooring/console/pools/secretpool/pods/secretpod",
      "/_mooring/console/no/such/page",
      "/_mooring/console/assets/console.0000000000000000.css",
    ];
    for (const path of paths) {
      const response = await ask(path);
      expect(response.headers.get("content-security-policy"), path).toBe(POLICY);
      // What was asked for comes back with the redirect; what it would show does not.
      const text = (await response.text()).replaceAll(path, "");
      expect(text, path).not.toMatch(/secretpo/);
      expect([200, 303, 404], path).toContain(response.status);
    }
  });

  it("get the same policy when a form of theirs is refused", async () => {
    for (const response of [await logIn("wrong"), await submit(drain, {})]) {
      expect(response.headers.get("content-security-policy")).toBe(POLICY);
    }
    expect((await submit(drain, {})).status).toBe(403);
  });

  it("are told that nothing was done when their login ended before they sent a form, and where to log in", async () => {
    const page = "/_mooring/console/pools/secretpool/pods/secretpod";
    for (const [to, at] of [
      [`${page}/drain`, page],
      ["/_mooring/console/plan", "/_mooring/console/plan"],
      ["/_mooring/console/plan/apply", "/_mooring/console/plan"],
    ] as const) {
      const html = await (await submit(to, { config: "version: 1" })).text();
      expect(html, to).toContain("Nothing was done");
      expect(html, to).toContain(`href="${LOGIN}?to=${encodeURIComponent(at)}"`);
    }
  });

  it("have no browser send a form with who has logged in there", async () => {
    const cookie = await cookieOf();
    const sent = async (headers: Record<string, string>) =>
      (await submit(drain, {}, { headers: { cookie, ...headers } })).status;
    expect(await sent({ origin: "https://evil.example", "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await sent({ origin: "https://evil.console.example", "sec-fetch-site": "same-site" })).toBe(403);
    expect(await sent({ origin: "null" })).toBe(403);
    const bare = { "content-type": "application/x-www-form-urlencoded", cookie };
    expect((await ask(drain, { method: "POST", body: "", headers: bare })).status).toBe(403);
    expect(
      await (await ask("/_mooring/v1/pools/secretpool/pods", { headers: { cookie } })).json(),
    ).toMatchObject({
      pods: [{ state: "ready" }],
    });
    expect(await sent({})).toBe(303);
  });

  it("have a link to a page followed once more from there, as no browser sends the cookie along at first", async () => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const response = await ask("/_mooring/console/keys?pool=a&from=1", { headers });
    expect(response.headers.get("content-security-policy")).toBe(POLICY);
    expect(await response.text()).toContain(
      'http-equiv="refresh" content="0;url=/_mooring/console/keys?pool=a&amp;from=1"',
    );
    expect(
      (await ask(HOME, { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" } })).status,
    ).toBe(403);
  });

  it("are told of a token in no url: it is only ever taken from a form", async () => {
    const response = await ask(`${LOGIN}?token=${TOKENS.MOORING_ADMIN_TOKEN}`);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(await response.text()).not.toContain(TOKENS.MOORING_ADMIN_TOKEN);
  });
});

it("serves its files under names that change with them, for ever", async () => {
  const html = await (await ask(LOGIN)).text();
  const files = [...html.matchAll(/(?:href|src)="(\/_mooring\/console\/assets\/[^"]+)"/g)].map(
    ([, path]) => path!,
  );
  expect(files).toHaveLength(3);
  for (const path of files) {
    const response = await ask(path);
    expect([response.status, response.headers.get("cache-control")], path).toEqual([
      200,
      "public, max-age=31536000, immutable",
    ]);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect(files.map((path) => path.replace(/.*\.[0-9a-f]{16}\./, ""))).toEqual(["svg", "css", "js"]);
  expect(new URL(ORIGIN).protocol).toBe("https:");
});

// The last, as failures are counted for a minute, of all of this file together.
it("says 403 to a wrong token, and 429 after ten of them within a minute; a right one is taken all the same", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 22; i++) statuses.push((await logIn(`wrong-${i}`)).status);
  expect([statuses[0], ...statuses.slice(10)]).toEqual([403, ...new Array(12).fill(429)]);
  expect((await logIn(TOKENS.MOORING_ADMIN_TOKEN)).status).toBe(303);
});
