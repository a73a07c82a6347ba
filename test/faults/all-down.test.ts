import { expect, it } from "vitest";
import { Jar } from "../support/client.ts";
import { SOON, useFaults } from "../support/faults.ts";

const readiness = { path: "/ready", period: "200ms", timeout: "200ms", failure: 2, initialDelay: "0s" };
const { bound, of, send, states, tell } = useFaults({
  unprobed: { count: 3 },
  probed: { count: 3, config: { health: { readiness } } },
});

it.each(["unprobed", "probed"])(
  "all pods down (%s): 503 and Retry-After, no cookie; back when they are",
  async (pool) => {
    if (pool === "probed")
      await expect.poll(async () => Object.values(await states(pool)), SOON).toEqual(Array(3).fill("ready"));
    const { jar, pod } = await bound(pool);
    const held = new Map(jar.cookies);
    await Promise.all(of(pool).map((one) => one.inject("refuse")));
    if (pool === "probed")
      await expect.poll(async () => Object.values(await states(pool)), SOON).toEqual(Array(3).fill("down"));
    for (let i = 0; i < 3; i++) {
      const sent = [await send(jar, pool), await send(new Jar(), pool)];
      if (i === 0) tell(`all pods down (${pool})`, ...sent);
      for (const { answer, arrivals } of sent) {
        expect([answer.status, arrivals]).toEqual([503, 0]);
        expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
        expect(answer.headers["set-cookie"]).toBeUndefined();
      }
    }
    for (const method of ["POST", "PATCH"]) {
      const { answer, arrivals } = await send(jar, pool, { method });
      expect([[502, 503].includes(answer.status), arrivals]).toEqual([true, 0]);
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    expect(jar.cookies).toEqual(held);
    await Promise.all(of(pool).map((one) => one.clear()));
    await expect.poll(async () => (await send(jar, pool)).answer.status, SOON).toBe(200);
    expect((await send(jar, pool)).answer.body.trim()).toBe(pod.id);
  },
);
