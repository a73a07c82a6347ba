import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Stands between an edge and its coordinator, and spoils the answers of heartbeats. */
export interface Relay {
  readonly url: string;
  /** Where it passes requests on to. */
  target: string;
  /** `pass`; `delay`: answers come 400 ms late; `lose`: the coordinator hears, the edge does not; `stall`: half an answer. */
  mode: "pass" | "delay" | "lose" | "stall";
  beats: number;
  stop(): Promise<void>;
}

export async function startRelay(): Promise<Relay> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const beat = request.url?.endsWith("/beat") === true;
    const mode = beat ? relay.mode : "pass";
    if (beat) relay.beats++;
    const { "transfer-encoding": _, ...headers } = request.headers;
    if (body.length > 0) headers["content-length"] = String(body.length);
    const onward = httpRequest(new URL(request.url ?? "/", relay.target), {
      method: request.method ?? "GET",
      headers,
    });
    onward.on("error", () => response.destroy());
    onward.on("response", async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      const text = Buffer.concat(parts);
      if (mode === "delay") await sleep(400);
      if (mode === "lose") return void response.destroy();
      response.writeHead(answer.statusCode ?? 500, {
        "content-type": answer.headers["content-type"] ?? "text/plain",
        "content-length": text.length,
      });
      if (mode === "stall") response.write(text.subarray(0, 10));
      else response.end(text);
    });
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const relay: Relay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: "",
    mode: "pass",
    beats: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return relay;
}
