import { createServer, type Socket } from "node:net";
import { readRequest } from "../../tools/hostile/message.ts";

/** A pod that answers a path with bytes as they are; any other path with its own name. */
export interface ScriptedPod {
  readonly url: string;
  /** `METHOD path` of each request that arrived, probes left out. */
  readonly arrivals: string[];
  stop(): Promise<void>;
}

/** Bytes, or what to do with the connection. */
export type Script = string | ((socket: Socket) => void);

export async function startScriptedPod(scripts: Readonly<Record<string, Script>>): Promise<ScriptedPod> {
  const arrivals: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setEncoding("latin1");
    let text = "";
    socket.on("data", (chunk: string) => {
      text += chunk;
      for (;;) {
        const read = readRequest(text, 0, false);
        if (read === "more" || "fault" in read) return;
        text = text.slice(read.end);
        const { method, target, fields } = read.message;
        if (!fields.some(([, value]) => value === "mooring-probe")) arrivals.push(`${method} ${target}`);
        const script = scripts[target.slice(1)];
        if (typeof script === "function") script(socket);
        else socket.write(script ?? own(target.slice(1)), "latin1");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    arrivals,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function own(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
