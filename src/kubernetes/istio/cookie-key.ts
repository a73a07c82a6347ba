import { formatDuration } from "../../config/duration.ts";
import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { oneOf, type Read, text } from "../read.ts";
import { duration, within } from "./read.ts";

const MOST = 400 * 86_400_000;

/** The name of a cookie (RFC 6265): a token. */
export const cookieName: Read<string> = (value) => {
  const name = text(value);
  if (name instanceof Fault || /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name)) return name;
  return new Fault("expected the name of a cookie", "use 1–128 letters, digits, - . _ and the like");
};

/** A path as an attribute of a cookie. */
export const cookiePath: Read<string> = (value) => {
  const path = text(value);
  if (path instanceof Fault || /^\/[\x21-\x3a\x3c-\x7e]{0,1023}$/.test(path)) return path;
  return new Fault("expected an absolute path", 'write one such as "/"');
};

/** httpCookie as the options of native `cookie-key`: without a ttl none is made, with 0s one without Max-Age. */
export function readCookieKey(field: Field): Record<string, unknown> | undefined {
  const name = field.at("name").read(cookieName);
  if (!field.at("name").present) field.at("name").refuse(new Fault("is missing", "name the cookie"));
  const at = field.at("ttl");
  const ttl = at.read(duration(0));
  const path = field.at("path").value === "" ? undefined : field.at("path").read(cookiePath);
  field.at("path").take();
  const items = field.at("attributes").items();
  const attributes = attributesOf(
    items.map((item) => ({ name: item.at("name").read(text) ?? "", value: item.at("value"), field: item })),
  );
  if (name === undefined) return undefined;
  return {
    name,
    ...(ttl === undefined ? {} : { ttl: formatDuration(within(at, ttl, 0, MOST, formatDuration)) }),
    ...(path === undefined ? {} : { path }),
    ...attributes,
  };
}

/** An attribute of a cookie, and where it stands. */
interface Attribute {
  readonly name: string;
  readonly value: Field;
  readonly field: Field;
}

/** Attributes by name and value, whatever their case: options of native `cookie-key`. */
export function attributesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const { name: written, value, field } of attributes) {
    const name = written.toLowerCase();
    if (seen.has(name)) {
      field.notice("invalid", `${written} stands here already, and the first counts`);
      continue;
    }
    seen.add(name);
    if (name === "samesite") {
      const word = value.read(text) ?? "";
      const same = oneOf("Lax", "Strict", "None")(word.replace(/^./, (first) => first.toUpperCase()));
      if (typeof same === "string") found.sameSite = same;
      else value.notice("invalid", "expected Lax, Strict or None: it is left out");
    } else if (name === "secure") {
      value.take();
      found.secure = true;
    } else if (name === "partitioned") {
      value.take();
      found.partitioned = true;
    } else if (name === "domain") found.domain = value.read(text);
    // It always is.
    else if (name === "httponly") value.take();
    else field.ignore("a cookie has no such attribute here");
  }
  return found;
}
