import { expect, it } from "vitest";
import { decision } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const { bound, send, tell } = useFaults({ get: {}, post: {}, patch: {} });

it("refused: a GET is tried once elsewhere, 200 and a new cookie", async () => {
  const { jar, pod } = await bound("get");
  const before = [...jar.cookies.values()];
  await pod.inject("refuse");
  const moved = await send(jar, "get");
  tell("refused, GET", moved);
  expect([moved.answer.status, moved.arrivals]).toEqual([200, 1]);
  expect(decision(moved.answer)).toMatchObject({ outcome: "moved", from: pod.id, cause: "pod-gone" });
  expect([...jar.cookies.values()]).not.toEqual(before);
  const kept = await send(jar, "get");
  expect([kept.answer.body, decision(kept.answer).outcome]).toEqual([moved.answer.body, "kept"]);
});

it.each(["POST", "PATCH"])(
  "refused: a %s gets 502 and comes nowhere; the next is preceded by a readiness GET, and moves",
  async (method) => {
    const pool = method.toLowerCase();
    const { jar, pod } = await bound(pool);
    await pod.inject("refuse");
    const first = await send(jar, pool, { method });
    expect([first.answer.status, first.arrivals]).toEqual([502, 0]);
    expect(first.answer.headers["set-cookie"]).toBeUndefined();
    const second = await send(jar, pool, { method });
    tell(`refused, ${method}`, first, second);
    expect([second.answer.status, second.arrivals]).toEqual([200, 1]);
    expect(decision(second.answer)).toMatchObject({ outcome: "moved", from: pod.id });
  },
);

it("refused: a pod in doubt that connects again gets the POST itself, after the readiness GET, and nobody moves", async () => {
  const { jar, pod } = await bound("post");
  await pod.inject("refuse");
  expect((await send(jar, "post", { method: "POST" })).answer.status).toBe(502);
  await pod.clear();
  const asked = pod.count({ method: "GET", id: "" });
  const next = await send(jar, "post", { method: "POST" });
  expect([next.answer.body.trim(), decision(next.answer).outcome, next.arrivals]).toEqual([
    pod.id,
    "kept",
    1,
  ]);
  expect(pod.count({ method: "GET", id: "" })).toBe(asked + 1);
});
