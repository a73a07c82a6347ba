import { readReplies } from "./client.ts";
import { type Message, readRequest } from "./message.ts";
import type { Arrival } from "./recorder.ts";

/**
 * What became of one connection's bytes. `forwarded`: all that they mean reached a pod. `partly`: some of it did, and the
 * rest was refused. `refused`: no byte of it. `desync`: something else reached a pod, or an answer went astray.
 */
export type Verdict =
  | { readonly outcome: "forwarded" | "partly" | "refused" }
  | { readonly outcome: "desync"; readonly why: string };

/** Headers that the edge adds, and those that a request has though its client did not send them. */
const ADDED = new Set([
  "host",
  "cdn-loop",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "content-length",
  "transfer-encoding",
]);

/** All the requests that a connection's bytes mean, up to where they mean nothing, or are cut. */
export function meaningOf(bytes: string): { messages: Message[]; whole: boolean } {
  const messages: Message[] = [];
  let at = 0;
  while (at < bytes.length) {
    const read = readRequest(bytes, at, true);
    if (read === "more" || "fault" in read) return { messages, whole: /^(?:\r?\n)*$/.test(bytes.slice(at)) };
    messages.push(read.message);
    at = read.end;
  }
  return { messages, whole: true };
}

/** @param arrivals those of this connection's requests that reached the pod, in order */
export function judge(bytes: string, arrivals: readonly Arrival[], reply: string | undefined): Verdict {
  const { messages, whole } = meaningOf(bytes);
  let next = 0;
  for (const { message } of arrivals) {
    const found = messages.findIndex(
      (meant, i) => i >= next && meant.unfit === undefined && isSame(meant, message),
    );
    if (found < 0) return desync(`reached a pod unmeant: ${message.method} ${message.target.slice(0, 80)}`);
    const strange = injected(messages[found]!, message);
    if (strange !== undefined) return desync(`a pod saw a header that nobody sent: ${strange}`);
    next = found + 1;
  }
  const replies =
    reply === undefined
      ? []
      : readReplies(
          reply,
          messages.map(({ method }) => method),
        );
  for (const [i, { status, body }] of replies.entries()) {
    if (status !== 200) continue;
    const meant = messages[i];
    if (meant === undefined || meant.unfit !== undefined) return desync("a 200 to what is no request");
    const echo = `${meant.method} ${pathOf(meant.target)}`;
    if (meant.method !== "HEAD" && body !== echo)
      return desync(`the answer of another: ${body.slice(0, 80)}`);
  }
  if (arrivals.length === 0) return { outcome: "refused" };
  return { outcome: whole && arrivals.length === messages.length ? "forwarded" : "partly" };
}

function desync(why: string): Verdict {
  return { outcome: "desync", why };
}

function isSame(meant: Message, arrived: Message): boolean {
  return (
    meant.method === arrived.method && pathOf(meant.target) === arrived.target && meant.body === arrived.body
  );
}

/** As a pod is asked for it: without scheme and authority, and without a fragment. An authority alone has no path. */
function pathOf(target: string): string {
  if (/^[^/?#]*:[0-9]+$/.test(target)) return "/";
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").replace(/#.*$/s, "");
  return path.startsWith("/") ? path : `/${path}`;
}

function injected(meant: Message, arrived: Message): string | undefined {
  const sent = new Set(meant.fields.map(([name]) => name));
  return arrived.fields.find(([name]) => !sent.has(name) && !ADDED.has(name))?.[0];
}
