import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/config/compile.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Observation } from "../../../src/health/readiness.ts";
import { tagToHex } from "../../../src/model/pod.ts";
import { Prober } from "../../../worker/coordinator/prober.ts";

const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

describe("what probes and edges make of a pod", () => {
  let now: number;
  let seen: Observation;
  let prober: Prober;
  let tag: string;

  beforeEach(async () => {
    now = 1_000_000;
    prober = new Prober(async () => seen);
    const pods = [{ id: "web-0", url: "http://127.0.0.1:1" }];
    const health = { readiness: { period: "1s", failure: 2 } };
    const parsed = parseConfig(
      JSON.stringify({ version: 1, pools: { web: { pods, health } }, routes: [{ pool: "web" }] }),
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const snapshot = await compile(parsed.config, 1, digest);
    tag = tagToHex(snapshot.pools[0]!.pods[0]!.tag);
    prober.follow(snapshot, new Map(), now);
  });

  async function probe(what: Observation): Promise<string> {
    seen = what;
    await prober.run(
      () => now,
      () => 0.5,
    );
    now += 1000;
    return prober.state(tag, now);
  }
  const serve = () => prober.served({ [tag]: 0 }, now);

  it("is probed on when the clock was put back", async () => {
    // Probes were due an hour ahead, and for an hour no pod was found to be down.
    expect(await probe("passed")).toBe("ready");
    expect(prober.mend(now)).toBe(false);
    now -= 3_600_000;
    expect(prober.mend(now)).toBe(true);
    expect(prober.next()).toBe(now);
    expect([await probe("unreachable"), await probe("unreachable")]).toEqual(["ready", "down"]);
  });

  it("is down once probes cannot connect, though a time-out came before and an edge was served in between", async () => {
    expect(await probe("passed")).toBe("ready");
    // Slow for a moment: an edge has its answer, the probe had none. Then the pod dies, and no client comes to it.
    expect(await probe("timeout")).toBe("ready");
    serve();
    now += 1;
    await probe("unreachable");
    expect(await probe("unreachable")).toBe("down");
    now += 600_000;
    expect(prober.state(tag, now)).toBe("down");
  });

  it("is degraded, not down, while edges reach what probes cannot", async () => {
    expect(await probe("passed")).toBe("ready");
    await probe("unreachable");
    serve();
    expect(await probe("unreachable")).toBe("unready");
    expect(await probe("timeout")).toBe("unready");
    expect(await probe("unreachable")).toBe("unready");
    // An edge that cannot reach it either outweighs that as soon as it is not fresh any more.
    now += 5000;
    prober.hurry([tag], now);
    expect(prober.state(tag, now)).toBe("down");
  });
});
