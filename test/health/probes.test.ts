import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { type Flip, Probes, type StoredChecks } from "../../src/health/probes.ts";
import type { Observation } from "../../src/health/readiness.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

const START = 1_000_000;
const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

async function snapshotOf(health: object, ids: readonly string[] = ["web-0"]): Promise<Snapshot> {
  const pods = ids.map((id, i) => ({ id, url: `http://127.0.0.1:${i + 1}` }));
  const document = { version: 1, pools: { web: { pods, health } }, routes: [{ pool: "web" }] };
  const parsed = parseConfig(JSON.stringify(document));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compile(parsed.config, 1, digest);
}

const ALL = {
  startup: { period: "1s", failure: 3 },
  liveness: { period: "1s", failure: 2 },
  readiness: { period: "1s", failure: 2 },
};

describe("what probes and edges make of a pod", () => {
  let now: number;
  let probes: Probes;
  let snapshot: Snapshot;
  let tag: string;

  async function begin(health: object, stored: StoredChecks = new Map()): Promise<void> {
    now = START;
    snapshot = await snapshotOf(health);
    tag = tagToHex(snapshot.pools[0]!.pods[0]!.tag);
    probes = new Probes();
    probes.follow(snapshot, stored, now);
  }

  /** A round of probes that all see the same, a second before the next; what flipped. */
  function round(seen: Observation): Flip[] {
    const flips = probes.take(now, () => 0.5).flatMap((task) => probes.settle(task, seen, now) ?? []);
    now += 1000;
    return flips;
  }
  const state = () => probes.state(tag, now);
  const check = (seen: Observation) => {
    round(seen);
    return state();
  };
  /** What is asked now, and comes back too late to say anything. */
  const due = () =>
    probes
      .take(now, () => 0.5)
      .map((task) => {
        probes.settle(task, "passed", now + 3_600_000);
        return task.check;
      });

  describe("with a readiness probe", () => {
    beforeEach(() => begin({ readiness: { period: "1s", failure: 2 } }));

    it("is probed on when the clock was put back", () => {
      // Probes were due an hour ahead, and for an hour no pod was found to be down.
      expect(check("passed")).toBe("ready");
      expect(probes.mend(now)).toBe(false);
      now -= 3_600_000;
      expect(probes.mend(now)).toBe(true);
      expect(probes.next()).toBe(now);
      expect([check("unreachable"), check("unreachable")]).toEqual(["ready", "down"]);
    });

    it("is down once probes cannot connect, though a time-out came before and an edge was served in between", () => {
      expect(check("passed")).toBe("ready");
      // Slow for a moment: an edge has its answer, the probe had none. Then the pod dies, and no client comes to it.
      expect(check("timeout")).toBe("ready");
      probes.served({ [tag]: 0 }, now);
      now += 1;
      check("unreachable");
      expect(check("unreachable")).toBe("down");
    });

    it("is degraded, not down, while edges reach what probes cannot", () => {
      expect(check("passed")).toBe("ready");
      check("unreachable");
      probes.served({ [tag]: 0 }, now);
      expect(check("unreachable")).toBe("unready");
      expect(check("timeout")).toBe("unready");
      expect(check("unreachable")).toBe("unready");
      // An edge that cannot reach it either outweighs that as soon as it is not fresh any more.
      now += 1000;
      check("unreachable");
      now += 1000;
      check("unreachable");
      probes.hurry([tag], now);
      expect(state()).toBe("down");
    });

    it("asks once for an alarm that comes twice, and once for one that was missed", () => {
      expect(due()).toEqual(["readiness"]);
      expect(due()).toEqual([]);
      now += 3_600_000;
      expect(due()).toEqual(["readiness"]);
      expect(due()).toEqual([]);
    });

    it("asks once more only when the probe is back, and at once if its turn was missed", () => {
      const [slow] = probes.take(now, () => 0.5);
      now += 1000;
      expect(probes.take(now, () => 0.5)).toEqual([]);
      // There is an alarm all the same: one that a crash takes along must not have been the last.
      expect(probes.next()).toBe(now + 1000);
      now += 300;
      probes.settle(slow!, "timeout", now);
      expect(probes.next()).toBe(now);
      expect(probes.take(now, () => 0.5)).toHaveLength(1);
      expect(probes.next()).toBe(now + 1000);
    });

    it("believes no verdict that is older than three periods, but holds no pod back that was ready", () => {
      check("passed");
      check("unreachable");
      expect(check("unreachable")).toBe("down");
      now += 3000;
      expect(state()).toBe("down");
      now += 1000;
      expect(state()).toBe("unready");
      // The next one, after whatever has stopped the clock, counts at once.
      expect(check("unreachable")).toBe("down");
      check("passed");
      now += 3_600_000;
      expect(state()).toBe("ready");
    });

    it("drops what a probe saw that was on its way for three periods, or that another config asked for", () => {
      const late = probes.take(now, () => 0.5)[0]!;
      expect(probes.settle(late, "passed", now + 4001)).toBeUndefined();
      now += 1000;
      const old = probes.take(now, () => 0.5)[0]!;
      probes.follow(snapshot, new Map(), now);
      expect(probes.settle(old, "passed", now)).toBeUndefined();
      expect(state()).toBe("unready");
    });

    it("tells a flip once, and that the pod became ready by it", () => {
      expect(round("passed")).toMatchObject([{ tag, check: "readiness", state: "ready", ready: true }]);
      expect(round("passed")).toEqual([]);
      expect(round("failed")).toEqual([]);
      expect(round("failed")).toMatchObject([{ state: "unready", ready: false }]);
    });
  });

  it("begins where it stood before a restart, and asks at once, whatever the initial delay", async () => {
    const health = { readiness: { initialDelay: "1h" }, liveness: {} };
    await begin(health, new Map());
    tag = tagToHex(snapshot.pools[0]!.pods[0]!.tag);
    expect(due()).toEqual(["liveness"]);
    await begin(health, new Map([[`${tag} readiness`, "down"]]));
    expect(state()).toBe("down");
    expect(due()).toContain("readiness");
    // A state of a version that had others is none.
    await begin(health, new Map([[`${tag} readiness`, "started"]]));
    expect(state()).toBe("unready");
  });

  describe("with a startup probe", () => {
    beforeEach(() => begin(ALL));

    it("is held out, and nothing else is probed, until that has passed once", () => {
      expect(due()).toEqual(["startup"]);
      now += 1000;
      expect(check("failed")).toBe("starting");
      expect(round("passed")).toMatchObject([{ check: "startup", state: "started" }]);
      expect(state()).toBe("unready");
      expect(due().sort()).toEqual(["liveness", "readiness"]);
      now += 1000;
      round("passed");
      expect(state()).toBe("ready");
      expect(due()).not.toContain("startup");
    });

    it("has failed after as many failures as it may have, and one pass later has started all the same", () => {
      expect([check("failed"), check("timeout"), check("failed")]).toEqual([
        "starting",
        "starting",
        "failed",
      ]);
      expect(check("failed")).toBe("failed");
      check("passed");
      expect(state()).toBe("unready");
    });

    it("has not failed while edges are served by it, and the coordinator alone has no way there", () => {
      check("unreachable");
      check("unreachable");
      probes.served({ [tag]: 0 }, now);
      expect(check("unreachable")).toBe("starting");
      now += 1;
      // That it answers edges does not excuse a startup that says no.
      expect([check("failed"), check("failed"), check("failed")].at(-1)).toBe("failed");
    });

    it("does not start again because it was down or not alive", () => {
      round("passed");
      round("passed");
      round("unreachable");
      expect(check("unreachable")).toBe("down");
      round("passed");
      expect(state()).toBe("ready");
    });
  });

  it("shows liveness, and lets it decide nothing", async () => {
    await begin({ liveness: { period: "1s", failure: 2 } });
    expect(state()).toBe("ready");
    round("failed");
    expect(round("unreachable")).toMatchObject([{ check: "liveness", state: "failing", ready: false }]);
    expect(state()).toBe("ready");
    expect(probes.checks(tag)).toEqual([{ check: "liveness", state: "failing" }]);
  });

  it("is foreseen for a config that is not in force", async () => {
    await begin({ readiness: { period: "1s" } });
    round("passed");
    const foreseen = async (health: object) => {
      const [pool] = (await snapshotOf(health)).pools;
      return probes.foresee(pool!, tag, now);
    };
    expect(await foreseen({})).toBe("ready");
    expect(await foreseen({ readiness: {} })).toBe("ready");
    expect(await foreseen({ readiness: {}, startup: {} })).toBe("starting");
    await begin({});
    expect(await foreseen({ readiness: {} })).toBe("unready");
    expect(state()).toBe("ready");
  });
});
