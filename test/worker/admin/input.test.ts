import { expect, it } from "vitest";
import { POSITION, readDeadline, readObject, readPage, readWait } from "../../../worker/admin/input.ts";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const post = (body: string, headers: Record<string, string> = JSON_TYPE) =>
  new Request("http://x/", { method: "POST", body, headers });
/** Code and message of a problem. */
async function problem(found: unknown): Promise<[number, string]> {
  expect(found).toBeInstanceOf(Response);
  const response = found as Response;
  const { detail } = (await response.json()) as { detail: string };
  return [response.status, detail];
}

it("reads a deadline as a duration from now, a time, or milliseconds since the epoch", () => {
  expect(readDeadline("10m", NOW)).toBe(NOW + 600_000);
  expect(readDeadline("0s", NOW)).toBe(NOW);
  expect(readDeadline("2026-11-27T13:00:00+01:00", NOW)).toBe(NOW);
  expect(readDeadline("2026-11-27T12:00:30.5Z", NOW)).toBe(NOW + 30_500);
  for (const none of [undefined, null]) expect(readDeadline(none, NOW)).toBeUndefined();
});

it("refuses a deadline that may have meant something else, and says what to write", async () => {
  for (const bad of [
    30,
    1_795_000_000,
    -1,
    NOW + 0.5,
    "soon",
    "2026-11-27",
    "2026-13-45T99:00:00Z",
    "3000d",
    {},
    true,
  ]) {
    const [status, detail] = await problem(readDeadline(bad, NOW));
    expect(status, JSON.stringify(bad)).toBe(422);
    expect(detail).toContain("5m");
  }
});

it("refuses a deadline that has passed: a wrong date in a script had ended every session of the pod at once", async () => {
  for (const past of [NOW - 1, "2026-11-27T11:59:59Z", "2025-11-27T13:00:00Z"]) {
    const [status, detail] = await problem(readDeadline(past, NOW));
    expect(status, String(past)).toBe(422);
    expect(detail).toContain(`deadline: ${JSON.stringify(past)} has passed. `);
    expect(detail).toContain('"0s"');
  }
});

it("stops reading a body that is too large: one without an end had been read, and kept, for ever", async () => {
  const chunk = new TextEncoder().encode(" ".repeat(16 * 1024));
  let pulled = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      // A reader that does not stop must fail here, not hang.
      if (++pulled > 100) controller.error(new Error("it is read for ever"));
      else controller.enqueue(chunk);
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const request = new Request("http://x/", { method: "POST", body: endless, duplex: "half" } as RequestInit);
  expect(await problem(await readObject(request, ["state"]))).toEqual([
    413,
    expect.stringContaining("65536"),
  ]);
  expect(cancelled).toBe(true);
  // Four fill the limit, of which eight are read away; one goes over it, and one or two are read ahead.
  expect(pulled).toBeLessThan(8 * 4 + 4);
});

it("takes an object with known keys alone", async () => {
  expect(await readObject(post('{"state":"ready"}'), ["state"])).toEqual({ state: "ready" });
  expect(await readObject(post(""), ["state"])).toEqual({});
  expect(await problem(await readObject(post('{"weight":1}'), ["state", "deadline"]))).toEqual([
    422,
    'weight: "weight" is not taken here. Send a JSON object with: state, deadline.',
  ]);
  for (const bad of ["[]", "null", "1", "{", '{"__proto__":1}', '{"constructor":1}']) {
    const [status, detail] = await problem(await readObject(post(bad), ["state"]));
    expect(status, bad).toBe(422);
    expect(detail, bad).toContain("Send a JSON object with: state.");
  }
  expect((await problem(await readObject(post(`{"state":"${"x".repeat(70_000)}"}`), ["state"])))[0]).toBe(
    413,
  );
});

it("bounds what a call waits and lists", async () => {
  expect(readWait(undefined, 60_000)).toBe(0);
  expect(readWait("30s", 60_000)).toBe(30_000);
  expect(readWait("10m", 60_000)).toBe(60_000);
  expect((await problem(readWait("30", 60_000)))[1]).toContain('"30s"');
  expect(readPage({}, 100, 1000)).toEqual({ limit: 100, cursor: undefined });
  expect(readPage({ limit: "1000", cursor: "7" }, 100, 1000, POSITION)).toEqual({ limit: 1000, cursor: "7" });
  for (const limit of ["0", "1001", "-1", "1e2", "x"])
    expect((await problem(readPage({ limit }, 100, 1000)))[0]).toBe(400);
  for (const cursor of ["0", "-1", "x", "1e2", " 1"])
    expect((await problem(readPage({ cursor }, 100, 1000, POSITION)))[0]).toBe(400);
});
