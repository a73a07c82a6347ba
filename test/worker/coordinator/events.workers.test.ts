import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { FLEET_KINDS } from "../../../src/events/catalog.ts";
import type { Break } from "../../../src/model/beat.ts";
import type { Coordinator } from "../../../worker/coordinator/coordinator.ts";
import { EventLog } from "../../../worker/coordinator/event-log.ts";
import { EventRing } from "../../../worker/coordinator/event-ring.ts";
import type { Kept } from "../../../worker/coordinator/event-streams.ts";
import { ask, beat, config, fresh, put } from "./calls.workers.ts";

const LAST = Number.MAX_SAFE_INTEGER;
const record = (kind: string, n: number) => ({ at: n, severity: "I", kind, message: kind, n });
const events = async (stub: DurableObjectStub, kinds = FLEET_KINDS.join()) =>
  (await ask<{ events: Kept[] }>(stub, `/events?before=${LAST}&limit=1000&kinds=${kinds}`)).events;

describe("the events on the coordinator's disk", () => {
  it("go on with the same ids after a restart, and begin with a new disk's first moment", async () => {
    await runInDurableObject(fresh(), (_, { storage: { sql } }) => {
      sql.exec("DELETE FROM events");
      const ring = new EventRing(sql, 5000);
      expect([ring.first, ring.last]).toEqual([5001, 5000]);
      expect([ring.add(record("a", 1)), ring.add(record("b", 2))]).toEqual([5001, 5002]);
      const again = new EventRing(sql, 9000);
      expect([again.first, again.last, again.add(record("a", 3))]).toEqual([5001, 5002, 5003]);
      expect(again.after(5001, 10, undefined).events.map(({ record: { n } }) => n)).toEqual([2, 3]);
    });
  });

  it("are the last 10,000, by pages and by kinds both ways", async () => {
    await runInDurableObject(fresh(), (_, { storage: { sql } }) => {
      sql.exec("DELETE FROM events");
      const ring = new EventRing(sql, 0);
      for (let n = 1; n <= 10_050; n++) ring.add(record(n % 3 === 0 ? "alert-firing" : "health-changed", n));
      expect([ring.first, ring.last]).toEqual([51, 10_050]);
      expect(sql.exec("SELECT COUNT(*) AS n FROM events").one().n).toBe(10_000);
      const { events: page, cursor } = ring.before(LAST, 2, ["alert-firing"]);
      expect([page.map(({ id }) => id), cursor]).toEqual([[10_050, 10_047], 10_047]);
      expect(ring.before(53, 10, undefined)).toMatchObject({
        events: [{ id: 52 }, { id: 51 }],
        cursor: null,
      });
      // A page that is not full has looked at all there is.
      expect(ring.after(10_048, 10, ["alert-firing"])).toMatchObject({
        events: [{ id: 10_050 }],
        upTo: 10_050,
      });
      expect(ring.after(10_048, 10, ["session-ended"])).toEqual({ events: [], upTo: 10_050 });
      expect(ring.after(50, 2, ["alert-firing"]).upTo).toBe(54);
    });
  });
});

describe("what the coordinator tells", () => {
  it("is in the log though the disk is full, which is told once and again after it was not", async () => {
    const lines: string[] = [];
    const spies = (["log", "error"] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation((line) => void lines.push(String(line))),
    );
    await runInDurableObject(fresh(), (_, { storage: { sql } }) => {
      let full = true;
      const exec = (query: string, ...values: unknown[]) => {
        if (full && query.startsWith("INSERT INTO events")) throw new Error("database or disk is full");
        return sql.exec(query, ...values);
      };
      const { tell, ring } = new EventLog({ exec } as unknown as SqlStorage);
      const { last } = ring;
      const apply = (revision: number) => tell("config-applied", { revision, who: "admin" });
      apply(1);
      apply(2);
      full = false;
      apply(3);
      full = true;
      apply(4);
      expect([ring.last, ring.after(last, 9, undefined).events.length]).toEqual([last + 1, 1]);
    });
    for (const spy of spies) spy.mockRestore();
    const told = lines.map((line) =>
      /coordinator:\d+\] "([^"]+)"(?: revision=(\d+))?/.exec(line)?.slice(1).join(" "),
    );
    expect(told).toEqual([
      "Events not kept ",
      "Config applied 1",
      "Config applied 2",
      "Config applied 3",
      "Events not kept ",
      "Config applied 4",
    ]);
  });

  const broken: Break = {
    at: 7,
    sid: "a".repeat(32),
    epoch: 2,
    pool: "web",
    from: "a",
    to: "b",
    cause: "pod-gone",
  };

  it("is each break once, whoever tells it and however often, and its session's end in that epoch as another", async () => {
    const stub = fresh();
    await beat(stub, { isolate: "one", batch: 1, breaks: [broken] });
    await beat(stub, { isolate: "one", batch: 1, breaks: [broken] });
    await beat(stub, { isolate: "two", batch: 1, breaks: [broken] });
    await beat(stub, { isolate: "two", batch: 2, breaks: [{ ...broken, to: "", cause: "expired-idle" }] });
    const told = await events(stub, "session-rebound,session-ended");
    const { from, to, ...own } = broken;
    expect(told.map((one) => one.record)).toEqual([
      { ...own, cause: "expired-idle", from, severity: "I", kind: "session-ended", message: "Ended session" },
      { ...own, from, to, severity: "I", kind: "session-rebound", message: "Rebound session" },
    ]);
  });

  it("names pods and pools as the config does, also where a deadline is over at once", async () => {
    const stub = fresh();
    await put(stub, config(["a", "b"]), { "if-none-match": "*" });
    await ask(stub, "/pod", { pool: "web", pod: "a", state: "draining", deadline: Date.now(), who: "drain" });
    await ask(stub, "/pod", { pool: "web", pod: "b", weight: 7, who: "admin" });
    await ask(stub, "/pod", { pool: "web", pod: "b", weight: null, who: "admin" });
    const told = (await events(stub)).reverse().map((one) => one.record);
    expect(told).toMatchObject([
      { kind: "config-applied", revision: 1 },
      {
        kind: "order-given",
        pool: "web",
        pod: "a",
        state: "draining",
        deadline: expect.any(Number),
        who: "drain",
      },
      { kind: "deadline-passed", pool: "web", pod: "a", state: "drained", who: "drain" },
      { kind: "weight-given", pool: "web", pod: "b", weight: 7, who: "admin" },
      { kind: "weight-given", pool: "web", pod: "b", weight: null },
    ]);
    expect(told).toHaveLength(5);
  });

  it("reaches who follows in the same deployment, whose place is free when it leaves", async () => {
    const stub = fresh();
    const size = () => runInDurableObject(stub, (object) => (object as Coordinator).events.streams.size);
    const response = await stub.fetch("http://coordinator/events?after=&kinds=config-applied");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await put(stub, config(["a"]), { "if-none-match": "*" });
    let text = "";
    while (!text.includes('"revision":1')) text += (await reader.read()).value;
    expect(text).toMatch(/^id: (\d+)\nevent: config-applied\ndata: \{"id":\1,/m);
    expect(await size()).toBe(1);
    await reader.cancel();
    await expect.poll(size).toBe(0);
  });
});
