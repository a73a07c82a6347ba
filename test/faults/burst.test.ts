import { expect, it } from "vitest";
import { decision } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const { bound, send, tell } = useFaults({ burst: { count: 3 }, some: { count: 3 } });

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
