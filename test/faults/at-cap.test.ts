import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { call, Jar } from "../support/client.ts";
import { SOON, useFaults } from "../support/faults.ts";
import { ADMIN } from "../support/stack.ts";

const faults = useFaults({
  queued: { config: { maxInFlight: 2, queue: 2 } },
  brief: { config: { maxInFlight: 1, timeouts: { queue: "300ms" } } },
  one: {
    count: 1,
    config: { maxInFlight: 1, queue: 0, timeouts: { headers: "400ms" }, retry: { attempts: 1 } },
  },
  line: { count: 1, config: { maxInFlight: 1, queue: 10 } },
});
const { bound, of, send, tell } = faults;

it("sticky pod at its cap: bound sessions queue, then 503; new ones take the next candidate", async () => {
  const { jar, pod } = await bound("queued");
  const other = of("queued").find((one) => one !== pod)!;
  await pod.inject("slow-headers", { ms: 700 });
  const asked = Array.from({ length: 6 }, () => send(jar, "queued"));
  await expect.poll(() => pod.arrivals.length, SOON).toBeGreaterThanOrEqual(2);
  await sleep(200);
  const fresh = await send(new Jar(), "queued");
  expect([fresh.answer.status, fresh.answer.body.trim()]).toEqual([200, other.id]);
  const sent = await Promise.all(asked);
  tell("sticky pod at its cap", ...sent, fresh);
  const refused = sent.filter(({ answer }) => answer.status === 503);
  expect(refused.length).toBe(2);
  for (const { answer, arrivals } of refused) {
    expect([answer.headers["retry-after"], arrivals]).toEqual(["1", 0]);
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect(answer.headers["proxy-status"]).toContain("connection_limit_reached");
  }
  for (const { answer, arrivals } of sent.filter((one) => !refused.includes(one))) {
    expect([answer.status, answer.body.trim(), arrivals]).toEqual([200, pod.id, 1]);
  }
  await pod.clear();
  expect((await send(jar, "queued")).answer.body.trim()).toBe(pod.id);
});

it("waits no longer than it may, and new sessions get 503 when every pod is at its cap", async () => {
  const pods = of("brief");
  const sessions = [];
  for (const { id } of pods) sessions.push(await bound("brief", id));
  for (const pod of pods) await pod.inject("slow-headers", { ms: 1500 });
  const first = sessions.map(({ jar }) => send(jar, "brief"));
  await sleep(400);
  const late = await Promise.all([
    send(sessions[0]!.jar, "brief", { method: "POST" }),
    send(new Jar(), "brief"),
  ]);
  tell("every pod at its cap", ...late);
  expect(late.map(({ answer, arrivals }) => [answer.status, arrivals])).toEqual([
    [503, 0],
    [503, 0],
  ]);
  expect((await Promise.all(first)).map(({ answer }) => answer.status)).toEqual([200, 200]);
});

/** A request over a socket of its own, which resets after so many milliseconds. */
async function leave(path: string, ms: number, cookie: string): Promise<void> {
  const { hostname, port, host } = new URL(faults.stack.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`);
  await sleep(ms);
  socket.resetAndDestroy();
}

const cookieOf = (jar: Jar) => [...jar.cookies].map((pair) => pair.join("=")).join("; ");

// The pod has one place and no line: were one lost, no request would ever come through again.
it("has its place back, whatever became of the request that had it", async () => {
  const { jar, pod } = await bound("one");
  const after = async (what: string) => {
    await expect
      .poll(async () => (await send(jar, "one")).answer.status, { ...SOON, message: what })
      .toBe(200);
    const [one, other] = await Promise.all([send(jar, "one"), send(jar, "one", { path: "/slow?ms=200" })]);
    const statuses = [one.answer.status, other.answer.status].sort();
    // Not two places either.
    expect(
      [
        [200, 503],
        [200, 200],
      ],
      what,
    ).toContainEqual(statuses);
  };
  for (let i = 0; i < 3; i++) {
    expect((await send(jar, "one", { method: "HEAD" })).answer.status).toBe(200);
    await after("HEAD");
    await pod.injectFor({ times: 1 }, "reset");
    // Over a connection that was used before, workerd tries again by itself.
    expect([200, 503]).toContain((await send(jar, "one")).answer.status);
    await after("reset");
    await pod.injectFor({ times: 1 }, "slow-headers", { ms: 900 });
    expect((await send(jar, "one")).answer.status).toBe(504);
    await after("time-out");
    await pod.injectFor({ times: 1 }, "cut", { framing: "length" });
    await send(jar, "one").catch(() => undefined);
    await after("cut");
    await pod.injectFor({ times: 1 }, "cut", { framing: "chunked" });
    await send(jar, "one").catch(() => undefined);
    await after("cut, chunked");
    await pod.injectFor({ times: 1 }, "garbage");
    expect([200, 503]).toContain((await send(jar, "one")).answer.status);
    await after("garbage");
    await pod.injectFor({ times: 1 }, "slow-body", { ms: 100, size: 200_000 });
    await leave("/one", 250, cookieOf(jar));
    await after("a client that left in mid-response");
    await pod.injectFor({ times: 1 }, "slow-headers", { ms: 300 });
    await leave("/one", 100, cookieOf(jar));
    await after("a client that left before the response");
    await pod.injectFor({ times: 1 }, "slow-headers", { ms: 200 });
    await leave("/one/sse?events=100000&every=1", 400, cookieOf(jar));
    await after("a client that left a stream");
  }
});

it("forgets a client that resets while it waits", async () => {
  const { jar, pod } = await bound("line");
  await pod.inject("slow-headers", { ms: 800 });
  const first = send(jar, "line");
  await expect.poll(() => pod.count({ path: "/line" }), SOON).toBe(2);
  const before = pod.arrivals.length;
  await Promise.all(Array.from({ length: 5 }, () => leave("/line", 200, cookieOf(jar))));
  const last = send(jar, "line");
  expect((await first).answer.status).toBe(200);
  expect((await last).answer.status).toBe(200);
  expect(pod.arrivals.length - before).toBe(1);
});

it("counts what waited and what was turned away", async () => {
  const read = async () =>
    (await call(`${faults.stack.url}/_mooring/metrics`, { headers: { authorization: `Bearer ${ADMIN}` } }))
      .body;
  await expect.poll(read, SOON).toMatch(/mooring_queued_total\{pool="queued"\} [1-9]/);
  expect(await read()).toMatch(/mooring_queue_refused_total\{pool="queued"\} [1-9]/);
  const headers = { authorization: `Bearer ${ADMIN}` };
  const { pools } = JSON.parse((await call(`${faults.stack.url}/_mooring/v1/pools`, { headers })).body) as {
    pools: { name: string; edge: object }[];
  };
  // A fifth of what came lately is less than what is always left.
  expect(pools.find(({ name }) => name === "queued")?.edge).toEqual({
    inFlight: 0,
    queued: 0,
    retriesLeft: 30,
  });
});
