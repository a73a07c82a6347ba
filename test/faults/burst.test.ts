import { expect, it } from "vitest";
import { decision, Jar } from "../support/client.ts";
import { SOON, useFaults } from "../support/faults.ts";

const outlier = { consecutive5xx: 5, interval: "60s", baseEjection: "60s", maxEjection: "50%" };
const { bound, of, send, states, tell } = useFaults({
  burst: { count: 3 },
  some: { count: 3 },
  one: { count: 4, config: { policy: "round-robin", health: { outlier } } },
  most: { count: 4, config: { policy: "round-robin", health: { outlier } } },
});

it("burst of 5xx: passed through, and it never moves a bound session", async () => {
  const { jar, pod } = await bound("burst");
  const held = new Map(jar.cookies);
  for (const status of [500, 502, 503, 504, 520, 599]) {
    const injection = await pod.inject("status", { status });
    const sent = await Promise.all(
      ["GET", "HEAD", "POST", "PATCH"].map((method) => send(jar, "burst", { method })),
    );
    await injection.lift();
    tell(`burst of ${status}`, ...sent);
    for (const { answer, arrivals } of sent) {
      // The pod's own answer, from the pod of the session; not tried again.
      expect([answer.status, arrivals, decision(answer).outcome]).toEqual([status, 1, "kept"]);
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    expect(sent[2]!.answer.body).toBe(`${pod.id} has a fault\n`);
  }
  const { answer } = await send(jar, "burst");
  expect([answer.body.trim(), decision(answer).outcome, jar.cookies]).toEqual([pod.id, "kept", held]);
});

it("a part of 5xx: the same for each of them", async () => {
  const { jar, pod } = await bound("some");
  const injection = await pod.injectFor({ share: 0.3 }, "status", { status: 503 });
  const statuses: number[] = [];
  for (let i = 0; i < 60; i++) {
    const { answer, arrivals } = await send(jar, "some", { method: i % 2 === 0 ? "GET" : "POST" });
    statuses.push(answer.status);
    expect([decision(answer).pod, decision(answer).outcome, arrivals]).toEqual([pod.id, "kept", 1]);
  }
  expect(statuses.filter((status) => status === 503)).toHaveLength(injection.hits);
  // Of 60 draws at 0.3, none at all would be one in 10^9.
  expect(injection.hits).toBeGreaterThan(0);
});

/** The pods that so many new sessions came to. */
async function reached(pool: string, count = 24): Promise<string[]> {
  const fresh = await Promise.all(Array.from({ length: count }, () => send(new Jar(), pool)));
  return [...new Set(fresh.map(({ answer }) => decision(answer).pod ?? ""))].sort();
}

it("burst of 5xx: outlier detection stops new sessions, and leaves those that are bound", async () => {
  const { jar, pod } = await bound("one");
  await pod.inject("status", { status: 500 });
  const others = of("one").flatMap(({ id }) => (id === pod.id ? [] : [id]));
  await expect.poll(() => reached("one"), SOON).toEqual(others);
  for (const method of ["GET", "POST"]) {
    const { answer, arrivals } = await send(jar, "one", { method });
    expect([answer.status, decision(answer).pod, arrivals]).toEqual([500, pod.id, 1]);
  }
});

it("burst of 5xx: at most half of the pods are ejected", async () => {
  const [well, ...ill] = of("most");
  const jars = await Promise.all(ill.map((pod) => bound("most", pod.id)));
  await Promise.all(ill.map((pod) => pod.inject("status", { status: 503 })));
  // What this edge keeps out for its answers, and what all edges together have ejected, is not half each: once it was.
  await expect
    .poll(async () => {
      expect((await reached("most")).length).toBeGreaterThanOrEqual(2);
      return Object.values(await states("most"));
    }, SOON)
    .toContain("ejected");
  for (let i = 0; i < 10; i++) {
    const now = await reached("most");
    expect(now.length).toBeGreaterThanOrEqual(2);
    expect(now).toContain(well!.id);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const { jar, pod } of jars) {
    expect(decision((await send(jar, "most")).answer)).toMatchObject({ outcome: "kept", pod: pod.id });
  }
});
