import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import { afterEach, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { Recorder } from "../../../tools/stress/recorder.ts";
import { User } from "../../../tools/stress/user.ts";
import { socket } from "../../../tools/stress/users/socket.ts";

let server: WebSocketServer | undefined;
afterEach(() => {
  for (const client of server?.clients ?? []) client.terminate();
  server?.close();
});

it("counts what a message waits for its connection, too", async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", async (client) => {
    client.on("message", (data) => client.send(`echo ${data}`));
    await sleep(300);
    client.send("web-0");
  });
  const recorder = new Recorder();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const user = new User(0, "ann", [url], recorder, () => 0.5);
  const habit = socket(user);
  habit.begin?.();
  await habit.act(performance.now());
  const { echoes, echo, troubles } = recorder.take(1, 1);
  expect([echoes, troubles, user.pod]).toEqual([1, [], "web-0"]);
  expect(decodeFromCompressedBase64(echo, 32, false).getValueAtPercentile(100)).toBeGreaterThan(280_000);
});
