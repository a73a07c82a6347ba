import { expect, it } from "vitest";
import { Door } from "../../../tools/fleet/door.ts";
import type { Member } from "../../../tools/fleet/member.ts";

it("sends nothing to an edge that is taken out, and waits for what it was sent before", async () => {
  const edges = [0, 1].map((i) => ({ url: `http://edge-${i}` }) as Member);
  let next = 0;
  const door = new Door(edges, () => (next = (next + 0.5) % 1));
  const went: number[] = [];
  let answer = (): void => undefined;
  const slow = door.through(async (_, edge) => {
    went.push(edge);
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
  }, 0);
  let out = false;
  const leaving = door.takeOut(0).then(() => {
    out = true;
  });
  for (let i = 0; i < 4; i++) await door.through(async (_, edge) => void went.push(edge));
  expect(went).toEqual([0, 1, 1, 1, 1]);
  expect(out).toBe(false);
  answer();
  await Promise.all([slow, leaving]);
  await door.takeOut(1);
  await expect(door.through(async () => undefined)).rejects.toThrow("every edge is out");
  door.putIn(0);
  expect(await door.through(async (url) => url)).toBe("http://edge-0");
});
