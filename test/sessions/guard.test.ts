import { describe, expect, it } from "vitest";
import { Guard } from "../../src/sessions/guard.ts";

const OPTIONS = { budget: 150, failures: 3, pause: 5000, rate: { move: 4, key: 2, mint: 3 } };

/** A clock and timers that only move when told. */
function hand() {
  let now = 1_000_000;
  const timers = new Set<{ at: number; callback: () => void }>();
  const after = (ms: number, callback: () => void) => {
    const timer = { at: now + ms, callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const advance = (ms: number) => {
    now += ms;
    for (const timer of [...timers].filter(({ at }) => at <= now)) {
      timers.delete(timer);
      timer.callback();
    }
  };
  return { clock: { now: () => now }, after, advance, timers };
}

describe("the guard before the store", () => {
  it("passes answers on, and leaves no timer behind", async () => {
    const { clock, after, timers } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    expect(await guard.within(guard.start(async () => 7))).toBe(7);
    expect(timers.size).toBe(0);
  });

  it("lets each waiter go on after the budget, while the call goes on", async () => {
    const { clock, after, advance } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    let answer: (value: number) => void = () => undefined;
    const call = guard.start(() => new Promise<number>((resolve) => (answer = resolve)));
    const waiter = guard.within(call);
    advance(150);
    expect(await waiter).toBeUndefined();
    answer(9);
    expect(await call).toBe(9);
  });

  it("is not held open by a clock that was put back", async () => {
    // An edge whose clock had been ahead by an hour went without its store for that hour.
    const { clock, after, advance } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    for (let i = 0; i < 3; i++) await guard.background(() => Promise.reject(new Error("down")));
    expect(guard.open).toBe(true);
    advance(-3_600_000);
    expect(guard.open).toBe(false);
    expect(await guard.background(async () => 7)).toBe(7);
  });

  it("opens after failures in a row, tries once after the pause, and closes on a success", async () => {
    const { clock, after, advance } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    let calls = 0;
    const fail = () => {
      calls++;
      return Promise.reject(new Error("down"));
    };
    for (let i = 0; i < 3; i++) expect(await guard.background(fail)).toBeUndefined();
    expect(guard.open).toBe(true);
    expect(await guard.background(fail)).toBeUndefined();
    expect(calls).toBe(3);
    advance(5000);
    expect(await Promise.all([guard.background(fail), guard.background(fail)])).toEqual([
      undefined,
      undefined,
    ]);
    expect(calls).toBe(4);
    advance(5000);
    expect(await guard.background(async () => "up")).toBe("up");
    expect(guard.open).toBe(false);
    expect(await guard.background(async () => "still")).toBe("still");
  });

  it("opens for a store that always answers late: each request paid the wait for it", async () => {
    const { clock, after, advance } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    for (let i = 0; i < 3; i++) {
      let answer: (value: number) => void = () => undefined;
      const call = guard.start(() => new Promise<number>((resolve) => (answer = resolve)));
      const waiter = guard.within(call);
      advance(150);
      expect(await waiter).toBeUndefined();
      answer(1);
      expect(await call).toBe(1);
    }
    expect(guard.open).toBe(true);
  });

  it("takes calls that were under way together for one failure: a cold start's burst opened it at once", async () => {
    const { clock, after, advance } = hand();
    const guard = new Guard(clock, after, { ...OPTIONS, rate: { ...OPTIONS.rate, move: 100 } });
    const answers: (() => void)[] = [];
    const burst = () => {
      const call = () => new Promise<void>((resolve) => answers.push(resolve));
      return Array.from({ length: 20 }, () => guard.start(call));
    };
    const first = burst();
    advance(100);
    const second = burst();
    advance(50);
    expect(guard.open).toBe(false);
    expect(guard.shaky).toBe(true);
    advance(100);
    expect(guard.open).toBe(false);
    for (const answer of answers) answer();
    await Promise.all([...first, ...second]);
    // One after the other they are as many failures as ever.
    for (let i = 0; i < 2; i++) {
      void guard.start(() => new Promise<void>(() => undefined));
      advance(150);
    }
    expect(guard.open).toBe(true);
  });

  it("caps the calls of a second", async () => {
    const { clock, after, advance } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    let calls = 0;
    const call = async () => ++calls;
    for (let i = 0; i < 10; i++) await guard.start(call);
    expect(calls).toBe(4);
    advance(1000);
    await guard.start(call);
    expect(calls).toBe(5);
  });

  it("caps each lane by itself: strangers' keys keep nobody from moving, nor a pod from minting", async () => {
    const { clock, after } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    const made = { key: 0, mint: 0, move: 0 };
    for (const lane of ["key", "mint", "move"] as const) {
      for (let i = 0; i < 10; i++) await guard.start(async () => ++made[lane], lane);
    }
    expect(made).toEqual({ key: 2, mint: 3, move: 4 });
  });

  it("counts lateness only where somebody waits", async () => {
    // Sixty clients at two cold edges: the first creates took over 150 ms, opened the breaker, and the rest were dropped:
    // six sessions were in no list for ten seconds, of a store that was well.
    const { clock, after, advance } = hand();
    const guard = new Guard(clock, after, OPTIONS);
    const slow = () => {
      let answer: (value: number) => void = () => undefined;
      const call = () => new Promise<number>((resolve) => (answer = resolve));
      return { call, answer: () => answer(1) };
    };
    const off = Array.from({ length: 6 }, slow);
    const done = off.map(({ call }) => guard.background(call));
    advance(400);
    for (const { answer } of off) answer();
    expect(await Promise.all(done)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(guard.open).toBe(false);
    const on = Array.from({ length: 3 }, slow);
    const waited = on.map(({ call }) => {
      const waits = guard.start(call);
      advance(400);
      return waits;
    });
    expect(guard.open).toBe(true);
    for (const { answer } of on) answer();
    await Promise.all(waited);
  });

  it("is shaky for a pause after any failure, also when an answer came since, and when its clock is put back", async () => {
    let now = 1_000_000;
    const guard = new Guard({ now: () => now }, () => () => undefined, OPTIONS);
    expect(guard.shaky).toBe(false);
    await guard.background(() => Promise.reject(new Error("garbage")));
    await guard.background(async () => 1);
    expect(guard.shaky).toBe(true);
    now += 5001;
    expect(guard.shaky).toBe(false);
    now -= 60_000;
    expect(guard.shaky).toBe(false);
  });
});
