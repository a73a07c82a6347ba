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
    return invalid(unknown, `${JSON.stringify(unknown)} is not taken here`, SEND(keys));
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

/** 400 about one parameter of the query. */
export function badQuery(name: string, message: string, hint: string): Response {
  const errors = [{ path: name, message, hint }];
  return apiProblem(
    400,
    "invalid-query",
    "The query is not valid",
    `${name}: ${message}. ${hint}`,
    {},
    { errors },
  );
}

/** `?wait=30s` in milliseconds, at most `max`; 0 when absent. */
export function readWait(text: string | undefined, max: number): number | Response {
  if (text === undefined || text === "") return 0;
  const wait = parseDuration(text);
  if (typeof wait === "number") return Math.min(wait, max);
  return badQuery("wait", wait.message, `${wait.hint}.`);
}

/** What part of a list is asked for. */
export interface Page {
  readonly limit: number;
  /** That of the page before; undefined for the first. */
  readonly cursor: string | undefined;
}

/** A position in a list that grows at its end. */
export const POSITION = /^[1-9][0-9]{0,15}$/;

/** `?limit=` from 1 to `max`, `usual` when absent, and `?cursor=`, which is as `shape` says. */
export function readPage(
  { limit = "", cursor = "" }: Readonly<Record<string, string>>,
  usual: number,
  max: number,
  shape = /./,
): Page | Response {
  const size = limit === "" ? usual : /^[0-9]{1,6}$/.test(limit) ? Number(limit) : 0;
  if (size < 1 || size > max) {
    return badQuery("limit", `${JSON.stringify(limit)} is no limit`, `Write a number from 1 to ${max}.`);
  }
  if (cursor === "") return { limit: size, cursor: undefined };
  return shape.test(cursor) ? { limit: size, cursor } : noCursor("not a cursor of this list");
}

export function noCursor(message: string): Response {
  return badQuery("cursor", message, "Send the cursor of the page before, as it was.");
}
