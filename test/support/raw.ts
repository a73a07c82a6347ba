import { connect } from "node:net";

/** One request as bytes over a socket of its own, and all that comes back. Latin-1: a byte is a letter. */
export function raw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(request, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

/** A GET whose header lines are sent as they are. */
export function rawGet(url: string, path: string, lines: readonly string[]): Promise<string> {
  const { host } = new URL(url);
  return raw(
    url,
    [`GET ${path} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...lines, "", ""].join("\r\n"),
  );
}
