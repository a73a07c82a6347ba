import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Background } from "../../../src/model/ports.ts";
import type { Watch } from "../../../src/route/socket.ts";
import { Sockets } from "../../../worker/edge/sockets.ts";

beforeEach(() => {
  vi.useFakeTimers();
  // Half of every spread.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A pumped socket whose two far ends the test holds; half open, so that it answers when it wants. */
function pumped(watch: Partial<Watch>) {
  const left: Background[] = [];
  const aborts: unknown[] = [];
  const ends: string[] = [];
  const background: Background = {
    waitUntil: () => undefined,
    abort: (reason) => void aborts.push(reason),
  };
  const sockets = new Sockets((from) => void left.push(from));
  const [near, pod] = Object.values(new WebSocketPair());
  const response = new Response(null, { status: 101, webSocket: near! });
  const whole: Watch = { jitter: 5000, over: () => false, ended: () => void ends.push("ended"), ...watch };
  const client = sockets.pump(response, whole, background).webSocket!;
  const codes: string[] = [];
  for (const [name, side] of [
    ["client", client],
    ["pod", pod!],
  ] as const) {
    side.addEventListener("close", ({ code }) => codes.push(`${name} ${code}`));
    side.accept({ allowHalfOpen: true });
  }
  return { sockets, client, pod: pod!, codes, left, aborts, ends, background };
}

/** Lets events pass, which no clock drives. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await vi.advanceTimersByTimeAsync(0);
};

it("a spread longer than a look is waited out once the watch says that it is over", async () => {
  let over = false;
  const { codes, client, pod, sockets, ends } = pumped({ jitter: 60_000, over: () => over });
  await vi.advanceTimersByTimeAsync(2500 + 5000);
  over = true;
  // It looks at 12.5 s, and then has half of the other 55 s.
  await vi.advanceTimersByTimeAsync(5000 + 27_499);
  await settle();
  expect(codes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await settle();
  expect(codes.toSorted()).toEqual(["client 1012", "pod 1012"]);
  expect([sockets.open, ends]).toEqual([1, []]);
  client.close(1012);
  pod.close(1012);
  await settle();
  expect([sockets.open, ends]).toEqual([0, ["ended"]]);
});

it("a side that does not answer a closing is cut after ten seconds, and the other with it", async () => {
  const { client, codes, aborts, left, ends, background } = pumped({});
  client.close(4000, "bye");
  await settle();
  expect(codes).toEqual(["pod 4000"]);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(aborts).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(aborts).toMatchObject([{ retryable: true }]);
  expect(left).toEqual([background]);
  expect(ends).toEqual(["ended"]);
});

it("a side may go on sending until it answers the other's closing", async () => {
  const { client, pod, codes, ends } = pumped({});
  const heard: unknown[] = [];
  client.addEventListener("message", ({ data }) => heard.push(data));
  client.close(1000);
  await settle();
  pod.send("still this");
  await settle();
  expect(heard).toEqual(["still this"]);
  pod.close(1000);
  await settle();
  expect(codes).toEqual(["pod 1000", "client 1000"]);
  expect(ends).toEqual(["ended"]);
});

/** A look that waited for a newer view set the timer anew, and took it from the closing. */
it("a closing that comes while a look waits for a newer view is still cut when nobody answers it", async () => {
  let answer: (over: boolean) => void = () => undefined;
  const slow = new Promise<boolean>((resolve) => {
    answer = resolve;
  });
  const { client, aborts, codes } = pumped({ over: () => slow });
  await vi.advanceTimersByTimeAsync(2500);
  client.close(1000);
  await settle();
  expect(codes).toEqual(["pod 1000"]);
  answer(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(aborts).toHaveLength(1);
});
