import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { redisClient } from "../../../worker/sessions/redis.ts";
import { UpstashSnapshot } from "../../../worker/sessions/snapshot.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

/** A snapshot over a Redis that answers everything with this error. */
async function failing(error: string): Promise<UpstashSnapshot> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return new UpstashSnapshot(redisClient({ url: `http://127.0.0.1:${port}`, token: "t" }));
}

it("says why a snapshot was not written, and nothing of what is in it", async () => {
  // The client's error repeats its command: with Redis away, the coordinator logged the config with the salt of all keyed
  // sessions, at each heartbeat.
  const snapshot = await failing("ERR max requests limit exceeded");
  const record = JSON.stringify({ salt: "5a".repeat(16), document: '{"pools":"http://10.0.0.7:8080"}' });
  const told = await snapshot.put(record).then(
    () => "written",
    (error: unknown) => `${error}`,
  );
  expect(told).toBe("Error: ERR max requests limit exceeded");
});
