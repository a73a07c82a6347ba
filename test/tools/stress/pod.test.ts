import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call } from "../../../tools/fleet/client.ts";
import { podApp } from "../../../tools/fleet/pod-app.ts";

let server: Server;
let url = "";
beforeAll(async () => {
  server = createServer(podApp("web-0", "1", () => undefined).listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const step = async (name: string, id: string, client = "ann") => {
  const headers = { "x-client": client };
  return (await call(`${url}/transfer/${name}?id=${id}`, { method: "POST", headers })).status;
};

it("sees a transfer through its three steps, of its own client, in order and once", async () => {
  expect(await step("confirm", "1")).toBe(409);
  expect(await step("begin", "1")).toBe(200);
  expect(await step("commit", "1")).toBe(409);
  expect(await step("confirm", "1", "bob")).toBe(409);
  expect(await step("confirm", "1")).toBe(200);
  expect(await step("commit", "1")).toBe(200);
  expect(await step("commit", "1")).toBe(409);
});
