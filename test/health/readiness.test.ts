import { describe, expect, it } from "vitest";
import { type Observation, observe, type Readiness, UNKNOWN } from "../../src/health/readiness.ts";

const PROBE = { success: 2, failure: 3, gates: "new" } as const;

/** Folds observations, `p` passed, `f` failed, `x` unreachable, `t` time-out, and answers the states. */
function states(
  text: string,
  start: Readiness = UNKNOWN,
  probe: Parameters<typeof observe>[2] = PROBE,
): string[] {
  const kinds: Record<string, Observation> = { p: "passed", f: "failed", x: "unreachable", t: "timeout" };
  let now = start;
  return [...text].map((letter) => {
    const { next, flipped } = observe(now, kinds[letter]!, probe);
    expect(flipped).toBe(next.state !== now.state);
    now = next;
    return next.state;
  });
}

const READY: Readiness = { state: "ready", passes: 0, failures: 0, unreachable: 0 };

describe("readiness", () => {
  it("needs the success threshold to begin with", () => {
    expect(states("pp")).toEqual(["unready", "ready"]);
    expect(states("pfp")).toEqual(["unready", "unready", "unready"]);
  });

  it("needs failures in a row, and then keeps its sessions", () => {
    expect(states("ffpfff", READY)).toEqual(["ready", "ready", "ready", "ready", "ready", "unready"]);
  });

  it("is down only after as many that could not connect, and a connection gives keep back", () => {
    expect(states("xxx", READY)).toEqual(["ready", "ready", "down"]);
    expect(states("xfx", READY)).toEqual(["ready", "ready", "unready"]);
    expect(states("xxxf", READY).at(-1)).toBe("unready");
    expect(states("xxxp", READY).at(-1)).toBe("unready");
    expect(states("xxxpp", READY).at(-1)).toBe("ready");
  });

  it("never calls a pod down for being slow", () => {
    expect(states("ttttttttt", READY).at(-1)).toBe("unready");
  });

  it("under gates: all takes the sessions as well", () => {
    expect(states("fff", READY, { ...PROBE, gates: "all" }).at(-1)).toBe("unhealthy");
  });
});
