import { expect, it } from "vitest";
import { decision, Jar } from "../support/client.ts";
import { SOON, useFaults } from "../support/faults.ts";

const timeouts = { headers: "400ms" };
const readiness = { path: "/ready", period: "200ms", timeout: "200ms", failure: 2, initialDelay: "0s" };
const { bound, of, send, states, tell } = useFaults({
  syn: { config: { timeouts } },
  accept: { config: { timeouts } },
  retried: { config: { timeouts, retry: { on: ["connect", "timeout"] } } },
  "probed-syn": { count: 3, config: { timeouts, health: { readiness } } },
  "probed-accept": { count: 3, config: { timeouts, health: { readiness } } },
  patient: { count: 1, config: { health: { readiness: { ...readiness, timeout: "60s" } } } },
  beside: { count: 2, config: { health: { readiness } } },
});

it.each([
  ["SYN", "syn", "unanswered-syn", 0],
  ["accept", "accept", "hang", 1],
] as const)("%s without answer: 504, not tried again, and nobody moves", async (name, pool, fault, times) => {
  const { jar, pod } = await bound(pool);
  await pod.inject(fault);
  const other = of(pool).find((one) => one !== pod)!;
  const before = other.arrivals.length;
  const sent = await Promise.all(["GET", "POST", "PATCH"].map((method) => send(jar, pool, { method })));
  tell(`${name} without answer`, ...sent);
  for (const { answer, arrivals } of sent) {
    expect([answer.status, arrivals]).toEqual([504, times]);
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect(answer.headers["proxy-status"]).toContain("http_response_timeout");
  }
  expect(other.arrivals.length).toBe(before);
  await pod.clear();
  const { answer } = await send(jar, pool);
  expect([answer.body.trim(), decision(answer).outcome]).toEqual([pod.id, "kept"]);
});

it.each([
  ["SYN", "probed-syn", "unanswered-syn"],
  ["accept", "probed-accept", "hang"],
] as const)(
  "%s without answer: probes find the black hole, new sessions go elsewhere",
  async (name, pool, fault) => {
    await expect
      .poll(async () => Object.values(await states(pool)), SOON)
      .toEqual(["ready", "ready", "ready"]);
    const { jar, pod } = await bound(pool);
    await pod.inject(fault);
    const began = performance.now();
    await expect.poll(async () => (await states(pool))[pod.id], SOON).not.toBe("ready");
    tell(`${name} without answer: found by probes in ${Math.round(performance.now() - began)} ms`);
    // Obeyed by the edge with its next heartbeat.
    await expect
      .poll(async () => {
        const fresh = await Promise.all(Array.from({ length: 12 }, () => send(new Jar(), pool)));
        return new Set(fresh.map(({ answer }) => answer.status));
      }, SOON)
      .toEqual(new Set([200]));
    await pod.clear();
    expect((await send(jar, pool)).answer.body.trim()).toBe(pod.id);
  },
);

it("accept without answer where retry.on has timeout: a GET moves, and a POST does not", async () => {
  const { jar, pod } = await bound("retried");
  await pod.inject("hang");
  const posted = await send(jar, "retried", { method: "POST" });
  expect([posted.answer.status, posted.arrivals]).toEqual([504, 1]);
  const moved = await send(jar, "retried");
  tell("accept without answer, tried again", posted, moved);
  expect([moved.answer.status, moved.arrivals]).toEqual([200, 2]);
  expect(decision(moved.answer).pod).not.toBe(pod.id);
});

// The next round of probes once waited for the slowest of this one: nothing was found as long as one pod hung.
it("accept without answer: a probe that waits long for one pod holds up none of another", async () => {
  const [hung] = of("patient");
  await expect.poll(async () => (await states("patient"))[hung!.id], SOON).toBe("ready");
  await expect.poll(async () => Object.values(await states("beside")), SOON).toEqual(["ready", "ready"]);
  const asked = hung!.count({ path: "/ready" });
  await hung!.inject("hang");
  await expect.poll(() => hung!.count({ path: "/ready" }), SOON).toBeGreaterThan(asked);
  const [dead] = of("beside");
  const began = performance.now();
  await dead!.inject("refuse");
  await expect.poll(async () => (await states("beside"))[dead!.id], SOON).toBe("down");
  tell(`beside a pod that hangs: found by probes in ${Math.round(performance.now() - began)} ms`);
  expect((await states("patient"))[hung!.id]).toBe("ready");
});
