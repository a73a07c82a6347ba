import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { diagnose } from "../../../src/doctor/index.ts";
import { CASES } from "../../../test/doctor/cases.ts";
import { type Isolate, theIsolate } from "../../../worker/edge/isolate.ts";
import { ask, cookieOf, DEPLOYMENT, put } from "./browser.workers.ts";

const AT = "/_mooring/console";
const DOCTOR = `${AT}/doctor`;
const EVIL = "<script>alert(1)</script>";
const SID = `"><i>${EVIL}`;

const config = (names: readonly string[]) => ({
  version: 1,
  pools: Object.fromEntries(
    names.map((name) => [
      name,
      {
        affinity: ["client-ip"],
        pods: [`${name}-0`, EVIL].map((id) => ({ id, url: "http://127.0.0.1:1" })),
      },
    ]),
  ),
  routes: [{ path: "/", pool: names[0] }],
});

let cookie: string;
let isolate: Isolate;
let batch = 0;

const page = async (path: string) => {
  const response = await ask(path, { headers: { cookie } });
  return { status: response.status, html: await response.text() };
};
/** The text of an element by its id. */
const part = (html: string, id: string) => new RegExp(`<section id="${id}".*?</section>`, "s").exec(html)![0];
const stub = () => DEPLOYMENT.COORDINATOR!.get(DEPLOYMENT.COORDINATOR!.idFromName("main"));

/** What heartbeats of an isolate tell. */
async function tell(told: object): Promise<void> {
  const beat = {
    batch: ++batch,
    incarnation: 0,
    revision: -1,
    feed: 0,
    failed: [],
    served: {},
    counts: [],
    breaks: [],
  };
  const body = JSON.stringify({ ...beat, isolate: "another", ...told });
  const response = await stub().fetch("http://coordinator/beat", { method: "POST", body });
  expect(response.status).toBe(200);
  await response.text();
}
const late = (pool: string, count: number) => ({ pool, outcome: "refused", code: 504, count });
const timed = (pool: string, count: number) => ({
  mooring_request_duration_seconds: {
    [JSON.stringify([pool, "3"])]: count,
    [JSON.stringify([pool, "sum"])]: 250 * count,
  },
});

let before: string;
beforeAll(async () => {
  cookie = await cookieOf();
  before = (await page(DOCTOR)).html;
  isolate = await theIsolate(DEPLOYMENT, createExecutionContext());
});
beforeEach(() => put(config(["web"])));
afterEach(() => {
  vi.restoreAllMocks();
});

describe("doctor's page", () => {
  it("says plainly that nothing is wrong, and that no size is known", async () => {
    const { status, html } = await page(DOCTOR);
    expect(status).toBe(200);
    expect(part(html, "findings")).toMatch(/<h2>Nothing is wrong<\/h2>.*25 checks looked at revision \d+\./);
    expect(html).not.toContain("<article");
    expect(part(html, "sizing")).toContain("there is nothing to go by");
    expect(html).toContain(`<a href="${DOCTOR}" aria-current="page">Doctor</a>`);
    expect(part((await page("/_mooring/")).html, "figures")).toContain(
      `<dt><a href="${DOCTOR}">Doctor</a></dt><dd><b>0</b><small>nothing is wrong</small>`,
    );
  });

  it("does not say so of a deployment that has no config yet", () => {
    expect(part(before, "findings")).toMatch(
      /<h2>No config<\/h2>.*looked at a deployment without a config\./,
    );
  });

  it("shows errors before warnings, each with its figures, its pages and what to do, and sizes by Little's law", async () => {
    const agents = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [JSON.stringify(["web", "a".repeat(32), `kind-${i}`]), 1]),
    );
    await tell({ counts: [late("web", 1234)], tallies: timed("web", 600), clues: { agents } });
    const { html } = await page(DOCTOR);
    const findings = part(html, "findings");
    expect(findings).toContain("<h2>1 error, 1 warning</h2>");
    const [error, warning] = [...findings.matchAll(/<article class="card (\w+)"[^>]*>.*?<\/article>/gs)];
    expect([error![1], warning![1]]).toEqual(["bad", "wait"]);
    expect(error![0]).toContain("<h3>Pods of web do not answer in time</h3>");
    expect(error![0]).toContain('<th scope="row">timed out</th><td>1,234</td>');
    expect(error![0]).toContain('<th scope="row">share</th><td>100 %</td>');
    expect(error![0]).toContain(`<a href="${AT}/pools/web">web</a>`);
    expect(error![0]).toContain("See why the pods are slow");
    expect(warning![0]).toContain(`<a class="sid" href="${AT}/sessions/${"a".repeat(32)}"`);
    const sizing = part(html, "sizing");
    expect(sizing).toContain("Little&#39;s law");
    expect(sizing).toMatch(/data-name="Mean time"[^>]*>250 ms</);
    expect(part((await page("/_mooring/")).html, "figures")).toContain(
      "<b>2</b><small>1 error, 1 warning</small>",
    );
  });

  it("shows names that somebody made up as text alone", async () => {
    const checkup = (await (await stub().fetch("http://coordinator/checkup")).json()) as {
      pools: { pods: { tag: string }[] }[];
    };
    const tags = checkup.pools[0]!.pods.map(({ tag }) => tag);
    for (let i = 0; i < 3; i++) await tell({ failed: tags, isolate: EVIL, sent: Date.now() + 900_000 });
    const agents = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [JSON.stringify(["web", SID, `kind-${i}`]), 1]),
    );
    await tell({ clues: { agents } });
    const { html } = await page(DOCTOR);
    const findings = part(html, "findings");
    expect(findings).toContain(`href="${AT}/pools/web/pods/${encodeURIComponent(EVIL)}"`);
    expect(findings).toContain(`href="${AT}/sessions/${encodeURIComponent(SID)}"`);
    // An isolate by the first eight characters of its name.
    expect(findings).toMatch(/<li>&lt;script&gt; \d+/);
    expect(html.replace(/<script src="[^"]+" defer=""><\/script>/, "")).not.toMatch(/<script|<i>/);
  });

  it("shows a page of a thousand findings at a time, and the pools that need most", async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `pool-${i}`);
    await put(config(names));
    await tell({ counts: names.map((name) => late(name, 10)) });
    for (const [i, name] of names.entries()) if (i < 80) await tell({ tallies: timed(name, 1000 * (i + 1)) });
    const seen = new Set<string>();
    let next: string | undefined = DOCTOR;
    for (let i = 0; i < 3; i++) {
      const { html } = await page(next!);
      expect(html.length).toBeLessThan(150_000);
      const titles = [...html.matchAll(/<h3>Pods of (\S+) do not/g)].map(([, name]) => name!);
      expect(titles).toHaveLength(25);
      for (const title of titles) seen.add(title);
      next = /<a href="([^"]+)" rel="next"/.exec(html)?.[1];
    }
    expect([seen.size, next]).toEqual([75, `${DOCTOR}?from=75`]);
    const last = (await page(`${DOCTOR}?from=990`)).html;
    expect(part(last, "findings")).toMatch(/These are 991 to \d+/);
    const sizing = part((await page(DOCTOR)).html, "sizing");
    expect(sizing.match(/<tr>/g)).toHaveLength(51);
    expect(sizing).toContain("And 30 pools that need fewer");
    expect(sizing.indexOf("pool-79")).toBeLessThan(sizing.indexOf("pool-78"));
    // What a url says that is no such place leads to the first page.
    for (const from of ["99999", "-1", "1e3", EVIL]) {
      const { html } = await page(`${DOCTOR}?from=${encodeURIComponent(from)}`);
      expect(part(html, "findings"), from).toContain("These are 1 to 25");
    }
    // Not all of these pools are counted there: it would cost what its own page costs.
    expect(part((await page("/_mooring/")).html, "figures")).toContain(
      "<b>–</b><small>asked on its page</small>",
    );
  });
});

describe("what a look costs", () => {
  it("is one count of each pod at doctor's page, and none at the overview beyond that of the pools", async () => {
    const count = vi.spyOn(isolate.edge.store, "count");
    await page(DOCTOR);
    expect(count.mock.calls.map(([pods]) => pods.length)).toEqual([2]);
    count.mockClear();
    const { html } = await page("/_mooring/");
    expect(part(html, "figures")).toContain(`<a href="${DOCTOR}">Doctor</a></dt><dd><b>`);
    expect(count.mock.calls.map(([pods]) => pods.length)).toEqual([2]);
  });
});

describe("without", () => {
  it("a coordinator the page says so, and the overview shows what it can", async () => {
    await page(DOCTOR);
    vi.spyOn(isolate.link!, "call").mockRejectedValue(new Error("refused"));
    const { status, html } = await page(DOCTOR);
    expect([status, html]).toEqual([503, expect.stringContaining("The coordinator is not reachable")]);
    expect(html).not.toContain("Nothing is wrong");
    expect((await page("/_mooring/")).status).toBe(200);
  });

  it("a store the page says that it fails", async () => {
    vi.spyOn(isolate.edge.store, "count").mockRejectedValue(new Error("refused"));
    const { status, html } = await page(DOCTOR);
    expect([status, html]).toEqual([200, expect.stringContaining("<h3>The binding store fails</h3>")]);
    expect(html).toContain('<th scope="row">answers now</th><td>no</td>');
  });

  it("pools and pods nothing is wrong", async () => {
    await put({ version: 1, pools: {}, routes: [] });
    const { status, html } = await page(DOCTOR);
    expect(status).toBe(200);
    expect(html).not.toContain("pods of");
  });
});

it.each(Object.entries(CASES))("the evidence of %s is all there", async (id, [first]) => {
  const [finding] = diagnose(first!.at).filter((one) => one.id === id);
  const { pools } = first!.at;
  vi.spyOn(isolate.link!, "call").mockImplementation(async () => Response.json(first!.at));
  const sessions = pools.flatMap(({ pods }) => pods.map((pod) => pod.sessions ?? 0));
  vi.spyOn(isolate.edge.store, "count").mockResolvedValue(sessions);
  const findings = part((await page(DOCTOR)).html, "findings");
  const [own] = findings.split("<article").filter((one) => one.includes(`<code class="faint">${id}</code>`));
  expect(own?.match(/<tr>/g)).toHaveLength(Object.keys(finding!.evidence).length);
  expect(findings).not.toMatch(/\[object|undefined|NaN/);
});
