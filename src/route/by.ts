import { utf8 } from "../core/keys.ts";
import { parseAddress } from "../model/cidr.ts";
import type { Template } from "../model/template.ts";
import type { Trip } from "./trip.ts";

/** What of a request a template may read. */
export type Read = Pick<Trip, "request" | "target" | "client">;

/** A text of a request in which each character is a byte. */
export type Render = (read: Read) => string;

/** What places an unkeyed request: a text, or several, those left out that are empty. */
export type Placing = (read: Read) => string | readonly string[];

const SIMPLE: Readonly<Record<string, Render>> = {
  request_uri: ({ target }) => target.rest,
  uri: ({ target }) => decoded(target.path),
  args: argsOf,
  is_args: (read) => (argsOf(read) === "" ? "" : "?"),
  host: ({ target }) => target.host,
  remote_addr: ({ client }) => client.ip ?? "",
  binary_remote_addr: ({ client }) => String.fromCharCode(...(parseAddress(client.ip ?? "") ?? [])),
  scheme: ({ client }) => (client.https ? "https" : "http"),
  request_method: ({ request }) => request.method,
};

const ALIASES: Readonly<Record<string, string>> = {
  document_uri: "uri",
  query_string: "args",
  the_real_ip: "remote_addr",
};

/** One template or several made ready. What a request lacks is empty, as in nginx. */
export function placing(by: Template | readonly Template[]): Placing {
  if (!isList(by)) return renderer(by);
  const all = by.map(renderer);
  return (read) => all.map((render) => render(read)).filter((text) => text !== "");
}

function isList(by: Template | readonly Template[]): by is readonly Template[] {
  return Array.isArray(by[0]);
}

export function renderer(template: Template): Render {
  const parts = template.map((part) => (typeof part === "string" ? () => part : reader(part.variable)));
  return (read) => parts.reduce((text, part) => text + part(read), "");
}

function reader(variable: string): Render {
  const simple = SIMPLE[ALIASES[variable] ?? variable];
  if (simple !== undefined) return simple;
  const at = variable.indexOf("_");
  const [family, name] = [variable.slice(0, at), variable.slice(at + 1)];
  if (family === "http") {
    const header = name.replaceAll("_", "-");
    return ({ request }) => bytes(request.headers.get(header) ?? "");
  }
  // The first of that name, whatever its case: a parameter as it stands there, a cookie after ";" or "," up to the next ";".
  if (family === "arg") {
    const pattern = new RegExp(`(?:^|&)${name}=([^&]*)`, "i");
    return (read) => pattern.exec(argsOf(read))?.[1] ?? "";
  }
  const pattern = new RegExp(`(?:^|[;,]) *${name} *= *([^;]*)`, "i");
  return ({ request }) => bytes(pattern.exec(request.headers.get("cookie") ?? "")?.[1] ?? "");
}

/** The bytes of a header: the runtime has read them as UTF-8. */
export function bytes(text: string): string {
  if (!/[\u0080-\uffff]/.test(text)) return text;
  return Array.from(utf8(text), (byte) => String.fromCharCode(byte)).join("");
}

function argsOf({ target: { rest, path } }: Read): string {
  return rest.slice(path.length + 1);
}

/** Bytes that are encoded are decoded, and slashes that follow each other are one. */
function decoded(path: string): string {
  return path
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\/{2,}/g, "/");
}
