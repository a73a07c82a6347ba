import { createServer, type Socket } from "node:net";
import { type Message, readRequest } from "./message.ts";

/** A request that reached the pod, and over which of its connections. */
export interface Arrival {
  readonly connection: number;
  readonly message: Message;
}

/** A pod that takes nothing but the letter of RFC 9112, and remembers every byte. */
export interface Recorder {
  readonly url: string;
  /** In the order in which they were whole. */
  readonly arrivals: Arrival[];
  /** What no parser may take, with the bytes before it on the same connection. */
  readonly faults: { readonly connection: number; readonly fault: string; readonly text: string }[];
  /** Requests that ended before they were whole. */
  readonly cuts: string[];
  /** All that came over each connection. */
  readonly connections: string[];
  stop(): Promise<void>;
}

/** Answers each request with its method and target, so that an answer that goes astray is seen. */
export async function startRecorder(): Promise<Recorder> {
  const arrivals: Arrival[] = [];
  const faults: Recorder["faults"] = [];
  const cuts: string[] = [];
  const connections: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = connections.push("") - 1;
    let at = 0;
    sockets.add(socket);
    socket.setEncoding("latin1");
    const take = () => {
      for (;;) {
        const text = connections[connection]!;
        const read = at === text.length ? "more" : readRequest(text, at, false);
        if (read === "more") return;
        if ("fault" in read) {
          faults.push({ connection, fault: read.fault, text });
          socket.destroy();
          return;
        }
        at = read.end;
        const { message } = read;
        arrivals.push({ connection, message });
        const echo = `${message.method} ${message.target}`;
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Length: ${echo.length}\r\n\r\n${message.method === "HEAD" ? "" : echo}`,
          "latin1",
        );
      }
    };
    socket.on("data", (chunk: string) => {
      connections[connection] += chunk;
      take();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      const left = connections[connection]!.slice(at);
      if (left !== "" && !faults.some((fault) => fault.connection === connection)) cuts.push(left);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    arrivals,
    faults,
    cuts,
    connections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
