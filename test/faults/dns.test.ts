import { expect, it } from "vitest";
import { decision, Jar } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

/** A name that no resolver may know: RFC 6761. */
const NOWHERE = "http://pod-of-nobody.invalid:8080";
const faults = useFaults({ get: { count: 3 }, post: { count: 3 } });
const { bound, send, tell } = faults;

/** From now on the name of this pod does not resolve. */
async function lose(pool: string, lost: string): Promise<void> {
  const pods = faults.of(pool).map(({ id, url }) => ({ id, url: id === lost ? NOWHERE : url }));
  expect((await faults.stack.put(faults.config({ [pool]: { pods } }))).status).toBe(200);
}

it("DNS failure: as refused, and no internal text leaks", async () => {
  const { jar, pod } = await bound("get");
  await lose("get", pod.id);
  const moved = await send(jar, "get");
  expect([moved.answer.status, moved.arrivals]).toEqual([200, 1]);
  expect(decision(moved.answer)).toMatchObject({ outcome: "moved", from: pod.id, cause: "pod-gone" });
  for (let i = 0; i < 8; i++) expect((await send(new Jar(), "get")).answer.status).toBe(200);
  tell("DNS failure, GET", moved);
});

it("DNS failure: a POST gets 502 that says nothing of names; the next moves", async () => {
  const { jar, pod } = await bound("post");
  await lose("post", pod.id);
  const first = await send(jar, "post", { method: "POST" });
  const second = await send(jar, "post", { method: "POST" });
  tell("DNS failure, POST", first, second);
  expect([first.answer.status, first.arrivals]).toEqual([502, 0]);
  const said = `${first.answer.raw.join("\n")}\n${first.answer.body}`;
  expect(said).not.toMatch(/internal|reference|dns|lookup|resol|invalid|nobody|127\.0\.0\.1/i);
  expect([second.answer.status, second.arrivals]).toEqual([200, 1]);
  expect(decision(second.answer)).toMatchObject({ outcome: "moved", from: pod.id });
});
