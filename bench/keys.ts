import { randomBytes } from "node:crypto";

// Strings that were never seen before, each flat and of its own: V8 keeps the hash of a string that was looked up once, so
// that a ring which is a Map at heart would be measured by its memory; and a slice of a longer string is slower to read.

/** Keys as long as the ids of users are: 12 characters unless told. */
export function freshKeys(count: number, length = 12): string[] {
  return cut(randomBytes(count * length).toString("base64url"), count, length);
}

/** Session ids as they are: 32 hex digits. */
export function freshSids(count: number): string[] {
  return cut(randomBytes(count * 16).toString("hex"), count, 32);
}

function cut(text: string, count: number, length: number): string[] {
  const bytes = Buffer.from(text, "latin1");
  return Array.from({ length: count }, (_, i) => bytes.toString("latin1", i * length, (i + 1) * length));
}
