import { parseDuration } from "../../src/config/duration.ts";
import { readBody } from "./body.ts";
import { apiProblem } from "./problem.ts";

/** Largest body of a request other than a config. Bytes. */
const MAX_BODY = 64 * 1024;
/** Milliseconds since the epoch begin about here: what is less was meant as a duration. September 2001. */
const EPOCH = 1_000_000_000_000;
/** Latest deadline that is taken. Milliseconds from now. */
const FURTHEST = 366 * 24 * 3600 * 1000;

/** A JSON object with no other keys than these, or the problem to answer. An empty body is an empty object. */
export async function readObject(
  request: Request,
  keys: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown> | Response> {
  const text = await readBody(request, MAX_BODY);
  if (text === undefined) {
    return apiProblem(413, "too-large", "The body is too large", `At most ${MAX_BODY} bytes are taken.`);
  }
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (text.trim() !== "" && type !== "application/json") {
    // Any page may send a form or plain text anywhere, and no browser asks before (CVE-2026-27589).
    return apiProblem(415, "content-type", "This content type is not taken", "Send application/json.");
  }
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return invalid("", `not JSON: ${error instanceof Error ? error.message : String(error)}`, SEND(keys));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid("", "not a JSON object", SEND(keys));
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    const hint = Object.hasOwn(hints, unknown) ? hints[unknown]! : SEND(keys);
    return invalid(unknown, `${JSON.stringify(unknown)} is not taken here`, hint);
  }
  return value as Record<string, unknown>;
}

const SEND = (keys: readonly string[]) => `Send a JSON object with: ${keys.join(", ")}.`;

/** 422 about one member of a request, in the shape that config errors have. */
export function invalid(path: string, message: string, hint: string): Response {
  const errors = [{ path, message, hint }];
  const title = "The request is not valid";
  const detail = `${path === "" ? "" : `${path}: `}${message}. ${hint}`;
  return apiProblem(422, "invalid-request", title, detail, {}, { errors });
}

/** A deadline as milliseconds since the epoch; undefined when none was given. */
export function readDeadline(value: unknown, now: number): number | undefined | Response {
  if (value === undefined || value === null) return undefined;
  const at = deadlineOf(value, now);
  if (at !== undefined && at < now) {
    const hint =
      'What drains at once ends sessions at once: write "0s" if that is meant, else a time to come.';
    return invalid("deadline", `${JSON.stringify(value)} has passed`, hint);
  }
  if (at !== undefined && at <= now + FURTHEST) return at;
  const hint =
    'Write a duration from now ("5m"), a time ("2030-01-01T12:00:00Z") or milliseconds since the epoch, at most a year ahead.';
  return invalid("deadline", `${JSON.stringify(value)} is no deadline`, hint);
}

function deadlineOf(value: unknown, now: number): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= EPOCH ? value : undefined;
  if (typeof value !== "string") return undefined;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(value)) {
    const at = Date.parse(value);
    return Number.isNaN(at) ? undefined : at;
  }
  const duration = parseDuration(value);
  return typeof duration === "number" ? now + duration : undefined;
}

/** `?wait=30s` in milliseconds, at most `max`; 0 when absent. */
export function readWait(text: string | undefined, max: number): number | Response {
  if (text === undefined || text === "") return 0;
  const wait = parseDuration(text);
  if (typeof wait === "number") return Math.min(wait, max);
  return invalid("wait", wait.message, `${wait.hint}.`);
}

/** `?limit=` between 1 and `max`; `usual` when absent. */
export function readLimit(text: string | undefined, usual: number, max: number): number | Response {
  if (text === undefined || text === "") return usual;
  const limit = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= max) return limit;
  return invalid("limit", `${JSON.stringify(text)} is no limit`, `Write a number from 1 to ${max}.`);
}
