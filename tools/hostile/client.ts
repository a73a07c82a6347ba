import { connect } from "node:net";
import { readHead } from "./message.ts";

/** Until a connection that nothing ends any more is given up. Milliseconds. */
const PATIENCE = 10_000;

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends bytes over a connection of their own, ends its own side, and takes all that comes back. `undefined`: the other side
 * did not end it in time.
 */
export function exchange(port: number, bytes: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const timer = setTimeout(() => {
      resolve(undefined);
      socket.destroy();
    }, PATIENCE);
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.write(bytes, "latin1");
    socket.end();
  });
}

/** The final responses of a connection, in order. Those to HEAD have no body, whatever they say. */
export function readReplies(text: string, methods: readonly string[]): Reply[] {
  const replies: Reply[] = [];
  for (let at = 0; at < text.length; ) {
    const head = readHead(text, at, false);
    if (head === "more" || "fault" in head) break;
    const status = Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(head.lines[0]!)?.[1]);
    at = head.end;
    if (status < 200) continue;
    const { body, end } = readReplyBody(text, at, head.lines, methods[replies.length] === "HEAD");
    replies.push({ status, body });
    at = end;
  }
  return replies;
}

function readReplyBody(text: string, start: number, lines: readonly string[], empty: boolean) {
  if (empty) return { body: "", end: start };
  const value = (name: RegExp) => lines.find((line) => name.test(line))?.replace(name, "");
  const length = value(/^content-length:\s*/i);
  if (length !== undefined) {
    const end = start + Number(length);
    return { body: text.slice(start, end), end };
  }
  let body = "";
  let at = start;
  if (value(/^transfer-encoding:\s*/i) === undefined) return { body: text.slice(start), end: text.length };
  for (;;) {
    const feed = text.indexOf("\r\n", at);
    const size = feed < 0 ? Number.NaN : Number.parseInt(text.slice(at, feed), 16);
    if (Number.isNaN(size)) return { body, end: text.length };
    if (size === 0) return { body, end: feed + 4 };
    body += text.slice(feed + 2, feed + 2 + size);
    at = feed + 4 + size;
  }
}
