import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { echo } from "../chaos/pod/web-socket.ts";
import { type Behaviour, podApp } from "./pod-app.ts";

/**
 * The process of a pod: `node pod.ts ID PORT FILE`, started with a channel to its parent and ending with it. Each
 * arrival is a line of FILE before it is answered, written at once: a SIGKILL loses none.
 */
const [id = "", port = "", file = ""] = process.argv.slice(2);
if (process.send === undefined) throw new Error("a pod of the fleet is started by the fleet");

const app = podApp(id, String(process.pid), (arrival) => {
  appendFileSync(file, `${JSON.stringify(arrival)}\n`);
});
const server = createServer(app.listener);
// Longer than any edge keeps an idle connection: were the pod the first to close one, a request could meet the closing.
server.keepAliveTimeout = 120_000;
server.on("upgrade", (request, socket: Socket) => {
  // A client that is gone is told by the close that follows.
  socket.on("error", () => undefined);
  echo(id, request, socket);
});
server.on("error", (error: NodeJS.ErrnoException) => {
  console.error(error.code === "EADDRINUSE" ? `port ${port} is in use` : error.message);
  process.exit(1);
});
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 }, () => process.send?.("listening"));

process.on("message", (change: Partial<Behaviour>) => {
  app.behave(change);
  process.send?.("behaving");
});
process.on("disconnect", () => process.exit(0));
