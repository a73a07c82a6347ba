import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../src/doctor/finding.ts";
import { checks } from "../../src/doctor/index.ts";
import { Jar } from "../../tools/fleet/client.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { Ailing, newJars } from "../support/ailing.ts";
import { ailmentsOf } from "../support/ailments.ts";

/** Each fault is made over real processes, and doctor names it; a deployment that is well has none. */
describe("GET /doctor", { timeout: 120_000 }, () => {
  let ailing: Ailing;

  beforeAll(async () => {
    ailing = await Ailing.start();
  }, 60_000);
  afterAll(async () => ailing?.stop());

  it("has nothing to say of a deployment that is well, and sizes its pools", async () => {
    const jars = newJars(24);
    // What is right after the start of a probe is not for long.
    await eventually(
      () => ailing.ids(),
      (ids) => ids.length === 0,
    );
    for (let round = 0; round < 4; round++) {
      for (const pool of ["web", "roll", "hot"]) await ailing.visit(jars, pool, round % 2);
    }
    const { findings, advice } = await eventually(
      () => ailing.doctor(),
      (said) => said.advice.length >= 3 && said.findings.length === 0,
    );
    expect(findings).toEqual([]);
    const web = advice.find(({ evidence }) => evidence.pool === "web")!;
    const { requestsPerSecond, meanSeconds, connections } = web.evidence as Record<string, number>;
    expect(requestsPerSecond).toBeGreaterThan(0);
    expect(connections).toBeCloseTo(requestsPerSecond! * meanSeconds!, 1);
  });

  it("names each fault once it is made, of the pool that has it", async () => {
    const seen = new Map<string, Finding>();
    ailing.beat();
    const faults = ailmentsOf(ailing);
    const watching = async () => {
      for (const { id, ...rest } of (await ailing.doctor()).findings)
        seen.set(`${id} ${rest.evidence.pool ?? ""}`, { id, ...rest });
    };
    let making = true;
    // What takes long goes on beside the others, which come one by one: two cores serve them all.
    const slow = ["hot-session", "address-shared", "pods-flapping"];
    const inTurn = async () => {
      for (const [id, make] of Object.entries(faults)) if (!slow.includes(id)) await make();
    };
    const made = Promise.all([inTurn(), ...slow.map((id) => faults[id]!())]).finally(() => {
      making = false;
    });
    while (making) {
      await watching();
      await sleep(500);
    }
    await made;
    const wanted: Readonly<Record<string, string>> = {
      "pods-not-ready": "unready",
      "pods-flapping": "flap",
      "pods-rolling": "roll",
      "connect-failures": "dead",
      "retries-spent": "retry",
      "time-outs": "slow",
      "pods-empty": "empty",
      "pods-full": "full",
      "pod-errors": "errors",
      "idle-too-short": "idle",
      "address-shared": "nat",
      "address-changing": "phone",
      "hot-session": "hot",
      "uneven-weights": "weights",
      "uneven-sessions": "scale",
      "edges-disagree": "disagree",
      "key-retired": "web",
      "tokens-unknown": "slow",
    };
    const keys = Object.keys(faults).map((id) => `${id} ${wanted[id] ?? ""}`);
    const missing = await eventually(
      async () => {
        await watching();
        return keys.filter((key) => !seen.has(key));
      },
      (left) => left.length === 0,
      { within: 30_000, every: 500 },
    );
    expect(missing).toEqual([]);
    // What shows it is what was done; how much of it had been told by then is chance.
    const some = expect.any(Number);
    const evidence = (key: string) => seen.get(key)!.evidence;
    expect(evidence("pods-not-ready unready")).toMatchObject({
      pods: { "unready-0": "unready" },
      expected: 3,
    });
    expect(evidence("pods-rolling roll").pods).toEqual(["roll-0", "roll-1"]);
    expect(evidence("connect-failures dead")).toMatchObject({
      heartbeatsThatTold: { "dead-0": some },
    });
    expect(evidence("time-outs slow")).toMatchObject({ timedOut: some, timeoutsHeadersMs: 200 });
    expect(evidence("idle-too-short idle")).toMatchObject({ idleSeconds: 1, afterMoreThanIdle: some });
    expect(evidence("address-changing phone")).toMatchObject({ byClientsWithCookies: some });
    expect(evidence("uneven-weights weights")).toMatchObject({ pod: "weights-0", weight: 8, by: "operator" });
    expect(evidence("key-retired web")).toMatchObject({ sessionsEnded: 1 });
    expect(evidence("clock-skew ")).toMatchObject({
      isolates: 1,
      secondsAhead: { skewed: some },
    });
    expect(evidence("config-behind ")).toMatchObject({ holds: { behind: 0 } });
    expect(evidence("key-worn ")).toMatchObject({ key: "yy" });
    // No address of a pod or a client is in any of it.
    expect(JSON.stringify([...seen.values()])).not.toMatch(/127\.0\.0\.1|198\.51\.100|203\.0\.113/);
    // What is left of the checks is of the store.
    const left = Object.keys(checks).filter((id) => !Object.hasOwn(faults, id));
    expect(left).toEqual(["store-failing", "store-slow"]);
  });

  it("says no more of what is well again", async () => {
    ailing.pods.get("unready-0")!.app.behave({ ready: true });
    const still = await eventually(
      async () => (await ailing.doctor()).findings.filter(({ evidence }) => evidence.pool === "unready"),
      (found) => found.length === 0,
    );
    expect(still).toEqual([]);
    expect(await ailing.podOf(new Jar(), "unready")).toMatch(/^unready-\d$/);
  });
});
