import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { EventStreams, type Kept, type Ring } from "../../../worker/coordinator/event-streams.ts";

/** Events in memory, of which the last so many are kept. */
class MemoryRing implements Ring {
  readonly #kept: Kept[] = [];
  readonly #most: number;
  last = 100;

  constructor(most = 1000) {
    this.#most = most;
  }

  get first(): number {
    return this.#kept[0]?.id ?? this.last + 1;
  }

  add(kind: string): void {
    const record = { at: 0, severity: "I", kind, message: kind };
    this.#kept.push({ id: ++this.last, record });
    if (this.#kept.length > this.#most) this.#kept.shift();
  }

  after(id: number, limit: number, kinds: readonly string[] | undefined) {
    const found = this.#kept.filter(
      (one) => one.id > id && (kinds?.includes(String(one.record.kind)) ?? true),
    );
    const events = found.slice(0, limit);
    return { events, upTo: found.length > limit ? events.at(-1)!.id : this.last };
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;
const decoder = new TextDecoder();
const text = async (reader: Reader) => decoder.decode((await reader.read()).value);
/** What comes until it says that much. */
async function until(reader: Reader, wanted: string): Promise<string> {
  let all = "";
  while (!all.includes(wanted)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`it ended after ${all}`);
    all += decoder.decode(value);
  }
  return all;
}
const idsIn = (all: string) => [...all.matchAll(/^id: (\d+)\nevent/gm)].map(([, id]) => Number(id));

const streamsOf = (ring: Ring, options = {}) => {
  const dropped: number[] = [];
  const streams = new EventStreams(ring, (after) => dropped.push(after), {
    most: 3,
    beat: 60_000,
    ...options,
  });
  return { streams, dropped };
};

it("a stream begins with what is new, and one that resumes with what it missed", async () => {
  const ring = new MemoryRing();
  const { streams } = streamsOf(ring);
  ring.add("a");
  const fresh = streams.open(undefined, undefined)!.getReader();
  const resumed = streams.open(100, undefined)!.getReader();
  ring.add("b");
  streams.wake();
  expect(idsIn(await until(fresh, "id: 102"))).toEqual([102]);
  expect(idsIn(await until(resumed, "id: 102"))).toEqual([101, 102]);
  await Promise.all([fresh.cancel(), resumed.cancel()]);
  expect(streams.size).toBe(0);
});

it("thousands of events come whole and in order, by pieces of a bounded size", async () => {
  const ring = new MemoryRing(5000);
  const { streams } = streamsOf(ring);
  for (let i = 0; i < 5000; i++) ring.add("a");
  const reader = streams.open(100, undefined)!.getReader();
  const found: number[] = [];
  while (found.length < 5000) {
    const piece = idsIn(await text(reader));
    expect(piece.length).toBeLessThanOrEqual(200);
    found.push(...piece);
  }
  expect(found).toEqual(Array.from({ length: 5000 }, (_, i) => 101 + i));
  await reader.cancel();
});

it.each([
  ["is older than what is kept", 105],
  ["no event ever had", 9999],
])("who resumes behind an id that %s is told of the gap before anything else", async (_, after) => {
  const ring = new MemoryRing(10);
  const { streams } = streamsOf(ring);
  for (let i = 0; i < 30; i++) ring.add("a");
  const all = await until(streams.open(after, undefined)!.getReader(), "id: 130");
  expect(all.indexOf("event: gap")).toBeLessThan(all.indexOf("id: 121"));
  expect(all).toContain(`data: {"after":${after},"first":121,`);
  expect(idsIn(all)).toEqual(Array.from({ length: 10 }, (__, i) => 121 + i));
});

it("of some kinds alone, and a beat says how far it has come all the same", async () => {
  const ring = new MemoryRing();
  const { streams } = streamsOf(ring, { beat: 20 });
  const reader = streams.open(undefined, ["alert-firing"])!.getReader();
  ring.add("health-changed");
  ring.add("alert-firing");
  ring.add("health-changed");
  streams.wake();
  const all = await until(reader, ": still here\nid: 103\n\n");
  expect(idsIn(all)).toEqual([102]);
  await reader.cancel();
});

it("a client that reads nothing is dropped with the reason, and gives its place to another", async () => {
  const ring = new MemoryRing();
  const { streams, dropped } = streamsOf(ring, { beat: 20, most: 1 });
  const slow = streams.open(undefined, undefined)!;
  expect(streams.open(undefined, undefined)).toBeUndefined();
  while (streams.size > 0) {
    ring.add("a");
    streams.wake();
    await sleep(5);
  }
  expect(dropped).toHaveLength(1);
  const next = streams.open(undefined, undefined)!;
  expect(next).toBeDefined();
  await next.cancel();
  // What it had not read is there still, and the reason is the last of it.
  let all = "";
  for await (const chunk of slow) all += decoder.decode(chunk);
  expect(all).toMatch(/event: dropped\ndata: \{"reason":"slow","detail":"[^"]+"\}\n\n$/);
  expect(idsIn(all).length).toBeLessThanOrEqual(200);
});

it("a client that reads slower than events come is told of the gap that the ring has for it", async () => {
  const ring = new MemoryRing(10);
  const { streams } = streamsOf(ring);
  const reader = streams.open(undefined, undefined)!.getReader();
  ring.add("a");
  streams.wake();
  await until(reader, "id: 101");
  // One piece waits to be read from now on, and is older than all that is kept when it is.
  for (let i = 0; i < 30; i++) {
    ring.add("a");
    streams.wake();
  }
  const all = await until(reader, "id: 131");
  expect(all).toContain("event: gap");
  expect(idsIn(all).slice(-10)).toEqual(Array.from({ length: 10 }, (_, i) => 122 + i));
  await reader.cancel();
});
