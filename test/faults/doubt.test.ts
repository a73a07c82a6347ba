import { expect, it } from "vitest";
import { useFaults } from "../support/faults.ts";

const { bound, send, tell } = useFaults({
  doubt: { config: { timeouts: { headers: "400ms" }, health: {} } },
});

it("a pod in doubt that says nothing: those who wait for one probe are not taken for hung", async () => {
  const { jar, pod } = await bound("doubt");
  await pod.inject("refuse");
  const first = await send(jar, "doubt", { method: "POST" });
  expect(first.answer.status).toBe(502);
  await pod.clear();
  await pod.inject("hang");
  const sent = await Promise.all(Array.from({ length: 10 }, () => send(jar, "doubt", { method: "POST" })));
  tell("a pod in doubt that says nothing", first, ...sent);
  expect(sent.map(({ answer }) => answer.status)).toEqual(Array(10).fill(504));
});
