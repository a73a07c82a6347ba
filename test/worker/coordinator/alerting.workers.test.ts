import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { EVERY } from "../../../src/metrics/rules.ts";
import { beat, config, fresh, put } from "./calls.workers.ts";

const first = { "if-none-match": "*" };
const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_, state) => state.storage.getAlarm());

describe("when the alert rules are evaluated", () => {
  // Nothing flips where no pod was ever ready, and where nobody asks no heartbeat comes.
  it("soon, where a config brings pods that are not ready, though nobody asks and no probe is due", async () => {
    const stub = fresh();
    await put(stub, config(["a"], { path: "/", period: "1h", initialDelay: "1h" }), first);
    expect((await alarmOf(stub))! - Date.now()).toBeLessThanOrEqual(EVERY);
  });

  it("soon after a heartbeat that tells of requests", async () => {
    const stub = fresh();
    await put(stub, config(["a"]), first);
    const counts = [{ pool: "web", outcome: "kept", code: 200, count: 1 }] as const;
    await beat(stub, { isolate: "x", batch: 1, counts });
    expect((await alarmOf(stub))! - Date.now()).toBeLessThanOrEqual(EVERY);
  });

  it("never, while nothing comes and all pods are well", async () => {
    const stub = fresh();
    await put(stub, config(["a"]), first);
    await beat(stub, { isolate: "x", batch: 1 });
    expect(await alarmOf(stub)).toBeNull();
  });
});
