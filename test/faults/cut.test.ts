import { expect, it } from "vitest";
import type { CutOptions } from "../../tools/chaos/pod/cut.ts";
import { decision } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";
import { rawGet } from "../support/raw.ts";

const faults = useFaults({
  length: {},
  chunked: {},
  // Its requests count until their bodies end, so those go through a stream of the edge's own.
  held: { config: { policy: "least-request" } },
  posted: {},
});
const { bound, of, send, tell } = faults;
let ids = 0;

/** What a client reads of a response that its pod does not end, and how often the request came to a pod. */
async function readCut(pool: string, options: CutOptions) {
  const { jar, pod } = await bound(pool);
  await pod.inject("cut", options);
  const id = `cut-${++ids}`;
  const cookie = [...jar.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const lines = [`Cookie: ${cookie}`, `X-Request-Id: ${id}`];
  const text = await rawGet(faults.stack.url, `/${pool}`, lines);
  const arrivals = of(pool).reduce((sum, one) => sum + one.count({ id }), 0);
  return { jar, pod, text, arrivals, body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}

it.each(["reset", "close"] as const)(
  "killed in mid-response (%s): truncated to the client, not tried again",
  async (how) => {
    const { text, body, arrivals } = await readCut("length", { how });
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nContent-Length: 1000000\r\n/i);
    expect(body).toMatch(/^x{0,1000}$/);
    expect(arrivals).toBe(1);
    console.log(`killed in mid-response (${how}): ${body.length} of 1000000 bytes`);
  },
);

it.each([
  ["chunked", "reset"],
  ["chunked", "close"],
  ["held", "reset"],
  ["held", "close"],
] as const)("killed in mid-response, without a length (%s, %s): truncated as well", async (pool, how) => {
  const { text, body, arrivals } = await readCut(pool, { framing: "chunked", how, sent: 100 });
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nTransfer-Encoding: chunked\r\n/i);
  // A last chunk would end it in order, and nobody could tell it from a whole one.
  expect(body).not.toMatch(/(^|\r\n)0+\r\n/);
  expect(body.replace(/^64\r\n|\r\n$/g, "")).toMatch(/^x{0,100}$/);
  expect(arrivals).toBe(1);
});

it("killed in mid-response: the next request rebinds", async () => {
  const { jar, pod } = await readCut("length", {});
  await pod.inject("refuse");
  const next = await send(jar, "length");
  tell("killed in mid-response, the next", next);
  expect(decision(next.answer)).toMatchObject({ outcome: "moved", from: pod.id, cause: "pod-gone" });
});

it("killed in mid-response: a POST has come once, and its client sees the cut", async () => {
  const { jar, pod } = await bound("posted");
  await pod.inject("cut");
  await expect(send(jar, "posted", { method: "POST", path: "/cut" })).rejects.toThrow();
  expect(of("posted").map((one) => one.count({ path: "/posted/cut" }))).toEqual(
    of("posted").map((one) => (one === pod ? 1 : 0)),
  );
});
