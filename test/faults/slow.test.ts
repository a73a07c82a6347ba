import { expect, it } from "vitest";
import { inParallel } from "../../tools/fleet/wait.ts";
import { Jar } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const OFFERED = 300;
const { of, send } = useFaults({
  slow: {
    count: 3,
    config: {
      timeouts: { headers: "250ms" },
      retry: { attempts: 2, budget: "20%", on: ["connect", "timeout"] },
    },
  },
});

it("everything slow: the pods get at most 1.2 × what is offered, and a POST once", async () => {
  await Promise.all(of("slow").map((pod) => pod.inject("hang")));
  const began = performance.now();
  const statuses = new Map<number, number>();
  let posted = 0;
  await inParallel(Array(OFFERED).keys(), 60, async (i) => {
    const method = i % 5 === 0 ? "POST" : "GET";
    const { answer, arrivals } = await send(new Jar(), "slow", { method });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (method === "POST") posted = Math.max(posted, arrivals);
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });
  const seconds = (performance.now() - began) / 1000;
  const arrived = of("slow").reduce((sum, pod) => sum + pod.arrivals.length, 0);
  console.log(
    `everything slow: ${arrived} arrivals of ${OFFERED} offered in ${seconds.toFixed(1)} s, answers ${JSON.stringify([...statuses])}`,
  );
  expect([...statuses.keys()]).toEqual([504]);
  expect(posted).toBe(1);
  // A fifth of what came in the last 10 s, or 3 a second over as long where that is more.
  expect(arrived).toBeLessThanOrEqual(OFFERED + Math.max(0.2 * OFFERED, 30) + 3 * seconds);
  expect(arrived).toBeGreaterThanOrEqual(OFFERED);
});
