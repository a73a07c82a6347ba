import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import { afterEach, expect, it } from "vitest";
import { Recorder } from "../../../tools/stress/recorder.ts";
import { User } from "../../../tools/stress/user.ts";
import { stream } from "../../../tools/stress/users/stream.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A user before an edge that does so. */
async function before(listener: RequestListener) {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const recorder = new Recorder();
  return { recorder, user: new User(0, "ann", [url], recorder, () => 0.5) };
}

it("a request that came to nothing is an error, no answer, and was waited for from when it was due", async () => {
  const { user, recorder } = await before((request, response) => {
    if (request.url === "/cut") request.socket.destroy();
    else response.writeHead(request.url === "/refused" ? 502 : 200).end("web-0");
  });
  user.answeredBy("web-0", Date.now());
  const due = performance.now() - 5000;
  expect(await user.ask("/refused", { due })).toBeUndefined();
  expect(await user.ask("/cut", { method: "POST", due })).toBeUndefined();
  expect(await user.ask("/", { due: performance.now() })).toMatchObject({ status: 200 });
  const { answers, troubles, latency } = recorder.take(1, 1);
  expect(answers).toBe(1);
  expect(troubles).toMatchObject([
    { method: "GET", status: 502, pod: "web-0" },
    { method: "POST", status: 0, pod: "web-0" },
  ]);
  const histogram = decodeFromCompressedBase64(latency, 32, false);
  expect(histogram.totalCount).toBe(3);
  expect(histogram.getValueAtPercentile(50)).toBeGreaterThan(4_900_000);
});

it("a stream at another pod than the session is a change of its pod, unless it was asked for before", async () => {
  const { user, recorder } = await before((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: web-1\n\n");
  });
  const heard = async () => {
    for (let tries = 0; tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const tick = recorder.take(1, 1);
      if (tick.events > 0) return tick;
    }
    throw new Error("no event came");
  };
  user.answeredBy("web-0", Date.now() - 1000);
  stream(user).begin?.();
  expect((await heard()).changes).toMatchObject([{ from: "web-0", to: "web-1" }]);
  // Another request has been answered meanwhile, that was asked for after the stream.
  user.answeredBy("web-2", Date.now() + 60_000);
  recorder.take(1, 1);
  stream(user).begin?.();
  expect((await heard()).changes).toEqual([]);
});
