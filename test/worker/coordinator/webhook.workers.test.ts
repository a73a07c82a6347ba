import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Tell } from "../../../src/events/catalog.ts";
import { EVERY, RULES } from "../../../src/metrics/rules.ts";
import { Alerting } from "../../../worker/coordinator/alerting.ts";
import { Webhook } from "../../../worker/coordinator/webhook.ts";
import { fresh } from "./calls.workers.ts";

const START = 1_800_000_000_000;
const URL = "https://hooks.example/alerts?key=hunter2";

type Answer = () => Response | Promise<Response>;
const ok: Answer = () => new Response("ok");

/** A webhook that answers one after another, and the last ever after. */
function answering(...answers: Answer[]) {
  const calls: { url: string; init: RequestInit }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    calls.push({ url: String(url), init: init as RequestInit });
    return answers[Math.min(calls.length, answers.length) - 1]!();
  });
  return calls;
}
const bodies = (calls: readonly { init: RequestInit }[]) =>
  calls.map(({ init }) => JSON.parse(String(init.body)));

afterEach(() => void vi.restoreAllMocks());

/** Writes down what is told. */
class Ear {
  readonly heard: [kind: string, fields: object][] = [];
  readonly tell: Tell = (kind, fields) => void this.heard.push([kind, fields]);
}

/** Runs with an empty outbox. */
function withDisk(work: (sql: SqlStorage, ear: Ear) => Promise<void>): Promise<void> {
  return runInDurableObject(fresh(), (_, { storage: { sql } }) => work(sql, new Ear()));
}

describe("a webhook that does not hear", () => {
  it.each([
    ["it answered 500", () => new Response("no", { status: 500 })],
    ["it answered 302", () => new Response(null, { status: 302, headers: { location: "https://other/" } })],
    [
      "it cannot be reached",
      () => Promise.reject(new TypeError("reset: https://hooks.example/?key=hunter2")),
    ],
    ["no answer in time", () => Promise.reject(new DOMException("late", "TimeoutError"))],
  ] satisfies [string, Answer][])("is told again, in order, and its url in no event: %s", (error, answer) =>
    withDisk(async (sql, ear) => {
      const calls = answering(answer, answer, ok);
      const webhook = new Webhook(sql, URL, ear.tell);
      webhook.put({ n: 1 }, START);
      webhook.put({ n: 2 }, START);
      await webhook.deliver(() => START);
      // What is second waits for the first.
      expect(webhook.status()).toEqual({ url: true, waiting: 2, tries: 1 });
      expect(webhook.next()).toBe(START + 2000);
      await webhook.deliver(() => START + 1999);
      expect(calls).toHaveLength(1);
      await webhook.deliver(() => START + 2000);
      expect(webhook.next()).toBe(START + 6000);
      // What waits is on the disk.
      const again = new Webhook(sql, URL, ear.tell);
      await again.deliver(() => START + 6000);
      expect(bodies(calls).map(({ n }) => n)).toEqual([1, 1, 1, 2]);
      expect(again.status()).toEqual({ url: true, waiting: 0, tries: 0 });
      expect(ear.heard).toEqual([
        ["webhook-failed", { error, try: 1, over: false }],
        ["webhook-failed", { error, try: 2, over: false }],
      ]);
      expect(calls.every(({ init }) => init.redirect === "manual")).toBe(true);
    }),
  );

  it("is tried at once where the clock was put back since", () =>
    withDisk(async (sql, ear) => {
      const calls = answering(() => new Response("no", { status: 500 }), ok);
      const webhook = new Webhook(sql, URL, ear.tell);
      webhook.put({ n: 1 }, START);
      await webhook.deliver(() => START);
      await webhook.deliver(() => START - 3_600_000);
      expect(calls).toHaveLength(2);
      expect(webhook.status().waiting).toBe(0);
    }));
});

describe("the url of a webhook", () => {
  it.each(["ftp://hooks.example/", "hooks.example/alerts", "file:///etc/passwd", "data:,x"])(
    "is http or https, and is not told when it is refused: %s",
    (url) =>
      withDisk(async (sql, ear) => {
        const calls = answering(ok);
        const webhook = new Webhook(sql, url, ear.tell);
        webhook.put({ n: 1 }, START);
        expect([await webhook.deliver(() => START), webhook.next(), calls]).toEqual([false, undefined, []]);
        expect(webhook.status()).toEqual({ url: false, waiting: 0, tries: 0 });
        const [[kind, fields]] = ear.heard as [[string, { name: string; error: string }]];
        expect([kind, fields.name]).toEqual(["setting-refused", "MOORING_ALERT_WEBHOOK"]);
        expect(fields.error).not.toContain(url);
      }),
  );

  // The platform drops what stands before the @ without a word: each call was refused by a receiver that asks for it.
  it.each([
    ["https://me:pa%3Ass@hooks.example/", "me:pa:ss"],
    ["https://token@hooks.example/", "token:"],
    ["https://:100%25@hooks.example/", ":100%"],
    ["https://m%C3%A9:100%@hooks.example/", "mé:100%"],
  ])("may say who is calling: %s", (url, who) =>
    withDisk(async (sql, ear) => {
      const calls = answering(ok);
      const webhook = new Webhook(sql, url, ear.tell);
      webhook.put({ n: 1 }, START);
      await webhook.deliver(() => START);
      const said = new Headers(calls[0]!.init.headers).get("authorization")!;
      const bytes = Uint8Array.from(atob(said.replace("Basic ", "")), (char) => char.charCodeAt(0));
      expect([calls[0]!.url, new TextDecoder().decode(bytes)]).toEqual(["https://hooks.example/", who]);
    }),
  );

  it("says nothing where it names nobody", () =>
    withDisk(async (sql, ear) => {
      const calls = answering(ok);
      const webhook = new Webhook(sql, URL, ear.tell);
      webhook.put({ n: 1 }, START);
      await webhook.deliver(() => START);
      expect(calls.map(({ url }) => url)).toEqual([URL]);
      expect(new Headers(calls[0]!.init.headers).has("authorization")).toBe(false);
    }));
});

describe("who is told of pods that are away", () => {
  const { hold } = RULES["unavailable-pods"];
  const away = () => ({ web: { all: 5, bad: 2 } });
  const back = () => ({ web: { all: 5, bad: 0 } });
  /** The kinds that were told, and the states that the webhook heard, of pods that were away for so long. */
  const story = async (sql: SqlStorage, ear: Ear, long: number) => {
    const calls = answering(ok);
    const alerting = new Alerting(sql, URL, START, ear.tell);
    alerting.wake(START - EVERY);
    for (let at = 0; at < long; at += EVERY) alerting.step(away, START + at);
    alerting.step(back, START + long);
    await alerting.deliver(() => START + long);
    return [ear.heard.map(([kind]) => kind), bodies(calls).map(({ state }) => state)];
  };

  it("hears when it fires and when it is over", () =>
    withDisk(async (sql, ear) => {
      expect(await story(sql, ear, hold + EVERY)).toEqual([
        ["alert-pending", "alert-firing", "alert-resolved"],
        ["firing", "resolved"],
      ]);
    }));

  // It was told that something was over of whose beginning it had never heard.
  it("hears nothing of what was pending and came to nothing", () =>
    withDisk(async (sql, ear) => {
      expect(await story(sql, ear, hold)).toEqual([["alert-pending", "alert-resolved"], []]);
    }));

  it("hears within a period and the hold where the clock was put back", () =>
    withDisk(async (sql, ear) => {
      const calls = answering(ok);
      const alerting = new Alerting(sql, URL, START, ear.tell);
      alerting.wake(START - EVERY);
      alerting.step(away, START);
      const earlier = START - 3_600_000;
      for (let at = 0; at <= hold; at += EVERY) alerting.step(away, earlier + at);
      await alerting.deliver(() => earlier + hold);
      expect(bodies(calls).map(({ state }) => state)).toEqual(["firing"]);
    }));
});
