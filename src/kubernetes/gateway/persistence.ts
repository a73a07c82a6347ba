import { DAY, formatDuration, SECOND } from "../../config/duration.ts";
import { Fault } from "../../config/fault.ts";
import { fnv1a } from "../draft.ts";
import type { Field } from "../field.ts";
import { cookieName, cookiePath } from "../istio/cookie-key.ts";
import { spelt } from "../istio/read.ts";
import { oneOf, type Read, text } from "../read.ts";
import { gatewayDuration } from "./duration.ts";

/** sessionPersistence, of a rule or of a policy. */
export interface Persistence {
  readonly field: Field;
  readonly type: "Cookie" | "Header";
  /** Undefined: one that nobody else has. */
  readonly name: string | undefined;
  /** Where the name stands, or would. */
  readonly named: Field;
  /** Of a cookie. */
  readonly path: string;
  /** `idle`, `absolute` and `maxAge` in native config. */
  readonly lasts: Readonly<Record<string, string>>;
}

/** Native config has no session without an end. */
const LONGEST = 400 * DAY;
/** A store must not keep for a year what came once. */
const IDLE = DAY;

/**
 * Reads both shapes: `sessionName`, `idleTimeout` and `cookieConfig` of Gateway API 1.1 to 1.5, and `cookie` or `header`
 * since. What the API server refuses is an error.
 */
export function readPersistence(field: Field): Persistence | undefined {
  if (!field.present) return undefined;
  const type = field.at("type").read(oneOf("Cookie", "Header")) ?? "Cookie";
  const [old, cookie, header] = [field.at("cookieConfig"), field.at("cookie"), field.at("header")];
  for (const other of type === "Cookie" ? [header] : [old, cookie])
    if (other.present)
      other.refuse(new Fault(`is not for type ${type}`, "leave it out, or write the other type"));
  const own = type === "Cookie" ? cookie : header;
  const named = own.at("name").present ? own.at("name") : field.at("sessionName");
  if (named !== field.at("sessionName"))
    field.at("sessionName").ignore(`the name of the ${type.toLowerCase()} goes before it`);
  const name = named.read(type === "Cookie" ? cookieName : headerName);
  const path = cookie.at("path").value === "" ? undefined : cookie.at("path").read(cookiePath);
  const [before, now] = [old, cookie].map((one) =>
    one.at("lifetimeType").read(oneOf("Session", "Permanent")),
  );
  if (now !== undefined && before !== undefined && now !== before)
    old.at("lifetimeType").notice("ignored", "that of cookie goes before it");
  const lasts = lastsOf(field, (now ?? before) === "Permanent" && type === "Cookie");
  for (const one of [field, old, cookie, header]) if (Object.keys(one.value ?? {}).length === 0) one.take();
  return { field, type, name, named, path: path ?? "/", lasts };
}

/** A permanent cookie ends with its session, told by Max-Age; of another one the token alone knows when that is. */
function lastsOf(field: Field, permanent: boolean): Record<string, string> {
  const [most, seen] = [field.at("absoluteTimeout"), field.at("idleTimeout")];
  const [absolute, idle] = [timeOf(most), timeOf(seen)];
  if (permanent && absolute === undefined)
    most.refuse(new Fault("is missing", 'a cookie with lifetimeType Permanent needs one: write "12h"'));
  const longest = absolute === undefined ? formatDuration(LONGEST) : spelt(most, absolute, SECOND, LONGEST);
  const end = Math.max(SECOND, Math.min(absolute ?? LONGEST, LONGEST));
  const still = idle ?? (absolute === undefined ? IDLE : end);
  if (absolute === undefined)
    field.tell(
      "changed",
      `a session ends when it was not seen for ${formatDuration(Math.max(SECOND, Math.min(still, end)))}, and ${longest} after it began, unless idleTimeout and absoluteTimeout say otherwise`,
    );
  return {
    idle: still > end ? longest : spelt(seen, still, SECOND, end),
    absolute: longest,
    ...(permanent ? { maxAge: longest } : {}),
  };
}

function timeOf(field: Field): number | undefined {
  const found = field.read(gatewayDuration);
  if (found !== 0) return found;
  field.notice("invalid", "no session lasts 0 s: it is as if it were not written");
  return undefined;
}

export const headerName: Read<string> = (value) => {
  const name = text(value);
  if (name instanceof Fault || /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name)) return name;
  return new Fault("expected the name of a header", "use 1–128 letters, digits and dashes");
};

/**
 * The affinity of native config that it comes to.
 *
 * @param pool whose sessions they are: a header without a name gets one by it
 */
export function affinityOf(
  { field, type, lasts }: Persistence,
  name: string | undefined,
  path: string,
  pool: string,
): readonly unknown[] {
  if (type === "Cookie")
    return [
      { cookie: { ...(name === undefined ? {} : { name }), ...(path === "/" ? {} : { path }), ...lasts } },
    ];
  const header = name ?? `session-${fnv1a(pool)}`;
  if (name === undefined) field.tell("changed", `it has no name: the header of ${pool} is ${header}`);
  return [{ token: { header, ...lasts } }];
}
