import type { Reply } from "./link.ts";

/** What one command comes to, as the REST API has it. */
export type Answer = { readonly result: Result } | { readonly error: string };
type Result = string | number | null | Result[];

/** Encodes one reply; with base64 every string but OK is encoded, which keeps bytes that are not UTF-8. */
export function answerOf(reply: Reply, base64: boolean): Answer {
  return reply instanceof Error ? { error: reply.message } : { result: resultOf(reply, base64) };
}

function resultOf(reply: Reply, base64: boolean): Result {
  if (Array.isArray(reply)) return reply.map((item) => resultOf(item, base64));
  // Inside a list an error has no place of its own.
  if (reply instanceof Error) return reply.message;
  if (reply === null || typeof reply === "number") return reply;
  const text = reply.toString("utf8");
  return base64 && text !== "OK" ? reply.toString("base64") : text;
}
