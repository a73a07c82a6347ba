import { beforeAll, describe, expect, it } from "vitest";
import { GETS } from "../../../worker/console/pages/index.ts";
import { api, ask, cookieOf, DEPLOYMENT, put, submit } from "./browser.workers.ts";

const AT = "/_mooring/console";
/** As an id of a pod may be: it has no quotes, and needs none to be markup. */
const EVIL = "<script>alert(1)</script>";
const POD = `${AT}/pools/web/pods/web-0`;

const config = (ids: readonly string[]) => ({
  version: 1,
  pools: { web: { pods: ids.map((id) => ({ id, url: "http://127.0.0.1:1" })) } },
  routes: [{ path: "/", pool: "web" }],
});

let cookie: string;
const page = async (path: string) => {
  const response = await ask(path, { headers: { cookie } });
  return { status: response.status, html: await response.text() };
};
const send = async (path: string, fields: Record<string, string>) => {
  const response = await submit(path, fields, { headers: { cookie } });
  return { status: response.status, to: response.headers.get("location"), html: await response.text() };
};
const field = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1];

beforeAll(async () => {
  await put(config(["web-0", "web-1", EVIL]));
  cookie = await cookieOf();
});

describe("every page", () => {
  const names: Record<string, string> = { pool: "web", pod: encodeURIComponent(EVIL), sid: "0".repeat(32) };
  const paths = [
    ...Object.keys(GETS).map((path) => path.replace(/:(\w+)/g, (_, name: string) => names[name]!)),
    POD,
    `${AT}/plan?from=config`,
  ];

  it.each(paths)("%s has no script, style or handler of its own, and shows names as text", async (path) => {
    const { html } = await page(path);
    expect(html).toMatch(/^<!DOCTYPE html><html lang="en">/);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toMatch(/<script src="[^"]+" defer=""><\/script>/);
    expect(html).not.toMatch(/<style|\sstyle=|<[a-z][^>]*\son[a-z]+=|javascript:/i);
    expect(html).not.toContain("<script>");
    expect(html.match(/<h1/g)).toHaveLength(1);
  });

  it("shows what a heartbeat of another version, or of somebody else, tells as text alone", async () => {
    const stub = DEPLOYMENT.COORDINATOR!.get(DEPLOYMENT.COORDINATOR!.idFromName("main"));
    const told = {
      isolate: "x",
      batch: 1,
      incarnation: 0,
      revision: -1,
      feed: 0,
      failed: [],
      served: {},
      counts: [{ pool: EVIL, outcome: "kept", code: 200, count: 7 }],
      tallies: { mooring_request_duration_seconds: { [JSON.stringify([EVIL, "3"])]: 7 } },
      breaks: [
        {
          at: Date.now(),
          sid: EVIL,
          epoch: 2,
          pool: EVIL,
          from: EVIL,
          to: `"${EVIL}`,
          cause: `"><i>${EVIL}`,
        },
      ],
    };
    await stub.fetch("http://coordinator/beat", { method: "POST", body: JSON.stringify(told) });
    for (const path of ["/_mooring/", `${AT}/events`]) {
      const { html } = await page(path);
      expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
      expect(html).not.toMatch(/<script>|<i>/);
    }
    expect((await page("/_mooring/")).html).toContain("0.1/s");
  });

  it("says what it was asked for that is not there, as text alone", async () => {
    const asked = encodeURIComponent(EVIL);
    for (const path of [
      `pools/${asked}x`,
      `keys?pool=${asked}x`,
      `sessions?pool=${asked}x`,
      `sessions/${asked}`,
    ]) {
      const { status, html } = await page(`${AT}/${path}`);
      expect(status, path).toBe(404);
      expect(html, path).not.toContain("<script>");
    }
    const { status, html } = await page(`${AT}/nothing`);
    expect([status, html]).toEqual([404, expect.stringContaining("Nothing is here")]);
  });
});

describe("a pod", () => {
  it("drains until a deadline, by a form, and is let in again", async () => {
    const drained = await send(`${POD}/drain`, { deadline: "5m" });
    expect([drained.status, drained.to]).toEqual([303, `${POD}?done=draining&of=0`]);
    const { html } = await page(drained.to!);
    expect(html).toMatch(
      /<progress max="(299|300)\d{3}" value="\d{1,5}" aria-label="Time until the deadline of web-0">/,
    );
    expect(html).toContain("The pod drains");
    expect((await page(`${AT}/pools/web`)).html).toContain('<article class="card wait" data-key="web-0">');
    expect((await send(`${POD}/ready`, {})).to).toBe(`${POD}?done=ready`);
    expect((await page(POD)).html).not.toContain("<progress");
  });

  it("stays as it is where the form says what no deadline is, and the page says why", async () => {
    const { status, html } = await send(`${POD}/drain`, { deadline: "soon" });
    expect(status).toBe(422);
    expect(html).toContain("&quot;soon&quot; is no deadline");
    expect((await page(POD)).html).toContain('<span class="pill good">ready</span>');
  });

  it("has every order in the audit, with whose it was", async () => {
    await send(`${POD}/disable`, {});
    await send(`${POD}/ready`, {});
    const { entries } = (await (await api("/audit?limit=2")).json()) as { entries: object[] };
    const path = "/_mooring/v1/pools/web/pods/web-0";
    expect(entries).toMatchObject([
      { who: "admin", method: "PATCH", path, status: 200, change: { state: "ready" } },
      { who: "admin", method: "PATCH", path, status: 200, change: { state: "disabled" } },
    ]);
  });
});

describe("a plan", () => {
  const text = JSON.stringify(config(["web-0", "web-1"]));

  it("says what would move, and is put into force on the revision that it was made on alone", async () => {
    const planned = await send(`${AT}/plan`, { config: text });
    expect(planned.status).toBe(200);
    expect(planned.html).toContain("Nobody would move");
    const revision = field(planned.html, "revision")!;
    // Another one writes in between.
    await put(config(["web-0", "web-1", "web-2"]));
    const stale = await send(`${AT}/plan/apply`, { config: text, revision });
    expect([stale.status, stale.html]).toEqual([412, expect.stringContaining("Another config came between")]);
    const again = field((await send(`${AT}/plan`, { config: text })).html, "revision")!;
    expect(Number(again)).toBe(Number(revision) + 1);
    const applied = await send(`${AT}/plan/apply`, { config: text, revision: again });
    expect(applied.to).toBe(`${AT}/plan?done=applied&revision=${Number(again) + 1}`);
    expect((await page(applied.to!)).html).toContain(`It is revision ${Number(again) + 1}.`);
    expect((await page(`${AT}/pools/web`)).html).not.toContain("web-2");
  });

  it("is put into force on no revision that a form leaves out", async () => {
    expect((await send(`${AT}/plan/apply`, { config: text, revision: "" })).status).toBe(428);
    expect((await send(`${AT}/plan/apply`, { config: text, revision: "*" })).status).toBe(428);
  });

  it("tells every error with its path, and leaves what was written where it was", async () => {
    const wrong =
      "version: 1\npools: { web: { pods: [{ id: a, url: nowhere }], polcy: random } }\n# </textarea><b>\n";
    const { status, html } = await send(`${AT}/plan`, { config: wrong });
    expect(status).toBe(422);
    expect(html).toContain("pools.web.pods[0].url");
    expect(html).toContain("polcy");
    expect(html).toContain("# &lt;/textarea&gt;&lt;b&gt;");
    expect(html).not.toContain(`${AT}/plan/apply`);
  });
});

describe("an explanation", () => {
  it("shows each step of a request that a form describes, and what a hostile header came to as text", async () => {
    const { status, html } = await send(`${AT}/explain`, {
      method: "GET",
      url: "https://shop.example/cart",
      headers: `Cookie: mooring=${EVIL}\nX-User: ${EVIL}`,
      clientIp: "192.0.2.7",
    });
    expect(status).toBe(200);
    expect(html).toContain('<span class="pill good">bound</span>');
    expect(html).toContain("<h3>route</h3>");
    expect(html).not.toContain("<script>");
  });

  it("says what is no header and no URL", async () => {
    const asked = { method: "GET", url: "https://a.example/", clientIp: "" };
    expect(await send(`${AT}/explain`, { ...asked, headers: "nothing" })).toMatchObject({ status: 422 });
    const { status, html } = await send(`${AT}/explain`, { ...asked, url: "/cart", headers: "" });
    expect([status, html]).toEqual([422, expect.stringContaining("it is no absolute URL")]);
  });
});

describe("10,000 pods", () => {
  it("are shown sixty at a time, each once, by links that lead from page to page", async () => {
    await put(config(Array.from({ length: 10_000 }, (_, i) => `pod-${i}`)));
    const seen: string[] = [];
    let next: string | undefined = `${AT}/pools/web`;
    for (let i = 0; i < 3; i++) {
      const { html } = await page(next!);
      expect(html.length).toBeLessThan(150_000);
      const ids = [...html.matchAll(/<article[^>]*><header><h2><a href="[^"]*">([^<]+)</g)].map(
        ([, id]) => id!,
      );
      expect(ids).toHaveLength(60);
      seen.push(...ids);
      next = /<a href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(new Set(seen).size).toBe(180);
    for (const path of ["/_mooring/", `${AT}/keys?pool=web`, `${AT}/keys?pool=web&from=9950`]) {
      const { status, html } = await page(path);
      expect([status, html.length < 150_000], path).toEqual([200, true]);
    }
    // Each look counts the sessions of all of them: it is not taken every few seconds.
    expect((await page("/_mooring/")).html).toContain('data-every="60"');
  });
});
