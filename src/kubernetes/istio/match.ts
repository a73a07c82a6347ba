import { Fault } from "../../config/fault.ts";
import { readRoutePath } from "../../config/route.ts";
import type { PathType } from "../../model/snapshot.ts";
import type { Field } from "../field.ts";
import { bool, text } from "../read.ts";
import { conditionOf, readStringMatch, type StringMatch } from "./string-match.ts";

/** What a match asks for, as keys of a native route. */
export interface Asked {
  readonly path: string;
  readonly pathType?: PathType;
  readonly ignoreCase?: true;
  readonly match?: Readonly<Record<string, unknown>>;
}

/** What every request of a host fits. */
export const ALL: Asked = { path: "/" };

const LEFT = "the match is left out";
/** What an edge cannot ask of a request. */
const UNKNOWN: Readonly<Record<string, string>> = {
  scheme: "an edge does not ask for the scheme",
  port: "an edge does not ask for the port that a request came to",
  sourceLabels: "a client has no labels",
  sourceNamespace: "a client is in no namespace",
};
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const HEADER = /^[\w!#$%&'*+.^`|~-]{1,128}$/;

/** A header as native config calls it: the host of a request has another name in Envoy. */
export function headerOf(name: string): string {
  const lower = name.toLowerCase();
  return lower === ":authority" ? "host" : lower;
}

/**
 * One entry of `match`. Undefined where it asks for what cannot be asked here, with a notice: without it the match would take
 * requests that are not its own.
 */
export function readMatch(field: Field): Asked | undefined {
  let left = false;
  const leave = (at: Field, level: "ignored" | "invalid", why: string) => {
    at.notice(level, `${why}: ${LEFT}`);
    left = true;
  };
  const read = (at: Field): StringMatch | undefined => {
    const found = at.present ? readStringMatch(at) : undefined;
    if (at.present && found === undefined) left = true;
    return found;
  };
  const named = (at: Field): StringMatch | undefined =>
    at.present
      ? read(at)
      : at.refuse(new Fault("is null", "write what it must be, or {} for whatever it is"));
  field.at("name").take();
  field.at("statPrefix").ignore("metrics are named by their pools");
  for (const [name, why] of Object.entries(UNKNOWN))
    if (field.at(name).present) leave(field.at(name), "ignored", why);
  const gateways = field.at("gateways");
  const names = gateways.items().map((item) => item.read(text));
  if (names.length > 0 && names.every((name) => name === "mesh"))
    leave(gateways, "ignored", "it is for the sidecars of a mesh, and an edge is none of them");
  else gateways.ignore("a match is served, whatever its gateways");
  const uri = read(field.at("uri"));
  const ignoreCase = field.at("ignoreUriCase").read(bool) === true;
  if (ignoreCase && uri?.kind === "regex")
    field.at("ignoreUriCase").ignore('it has no effect on a regex, as in Istio: begin that with "(?i)"');
  const path = pathOf(uri ?? { kind: "present" }, ignoreCase, (why) =>
    leave(field.at("uri"), "invalid", why),
  );
  const methods = methodsOf(read(field.at("method")), field.at("method"), leave);
  const headers: unknown[] = [];
  const authority = read(field.at("authority"));
  if (authority !== undefined) headers.push(conditionOf("host", authority));
  if (authority?.kind === "exact" && /[A-Z]|:\d+$/.test(authority.text))
    leave(field.at("authority"), "invalid", "the host is compared in lower case and without its port");
  for (const key of ["headers", "withoutHeaders"]) {
    for (const [name, at] of field.at(key).entries()) {
      const found = named(at);
      if (!HEADER.test(headerOf(name))) leave(at, "ignored", "no header of a request has this name");
      else if (found !== undefined) headers.push(conditionOf(headerOf(name), found, key !== "headers"));
    }
  }
  const query: unknown[] = [];
  for (const [name, at] of field.at("queryParams").entries()) {
    const found = named(at);
    if (name === "" || name.length > 128) leave(at, "ignored", "no parameter has this name");
    else if (found !== undefined) query.push(conditionOf(name, found));
  }
  if (left || path === undefined || methods === undefined) return undefined;
  const match = {
    ...(methods.length > 0 ? { methods } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query } : {}),
  };
  return { ...path, ...(Object.keys(match).length > 0 ? { match } : {}) };
}

/** Whether a match takes every request: routes behind it get none. */
export function takesAll({ path, pathType, match }: Asked): boolean {
  return match === undefined && path === "/" && (pathType === undefined || pathType === "start");
}

/** Native paths are normal, so what a request's path never is can be told. */
function pathOf(
  uri: StringMatch,
  ignoreCase: boolean,
  leave: (why: string) => void,
): Pick<Asked, "path" | "pathType" | "ignoreCase"> | undefined {
  if (uri.kind === "present" || (uri.kind === "prefix" && uri.text === "/")) return { path: "/" };
  if (uri.kind === "regex") return { path: uri.text, pathType: "pattern" };
  const pathType = uri.kind === "exact" ? "exact" : "start";
  const read = readRoutePath(uri.text, pathType);
  if (!(read instanceof Fault)) return { path: uri.text, pathType, ...(ignoreCase ? { ignoreCase } : {}) };
  leave(`no request has this path: ${read.message}`);
  return undefined;
}

/** Undefined: none that a request may have. */
function methodsOf(
  match: StringMatch | undefined,
  field: Field,
  leave: (at: Field, level: "ignored" | "invalid", why: string) => void,
): string[] | undefined {
  if (match === undefined || match.kind === "present") return [];
  if (match.kind === "exact") {
    if (/^[A-Z][A-Z0-9-]{0,31}$/.test(match.text) && !/^(?:TRACE|CONNECT)$/.test(match.text))
      return [match.text];
    leave(field, "invalid", "no request that comes to a route has this method");
    return undefined;
  }
  const fitting = METHODS.filter((name) =>
    match.kind === "regex" ? match.pattern.test(name) : name.startsWith(match.text),
  );
  if (fitting.length === 0) {
    leave(field, "invalid", `of the methods ${METHODS.join(", ")} it matches none`);
    return undefined;
  }
  field.tell(
    "changed",
    `of the methods ${METHODS.join(", ")} it matches ${fitting.join(", ")}: no other is taken`,
  );
  return fitting;
}
