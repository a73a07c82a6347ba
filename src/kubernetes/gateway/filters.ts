import { shown } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { text } from "../read.ts";

/** What leads a request elsewhere than to a pod, or lets not everybody through: it must not be passed over. */
const NEEDED: Readonly<Record<string, string>> = {
  RequestRedirect: "an edge does not redirect",
  ExtensionRef: "filters of other kinds are not read",
  ExternalAuth: "an edge asks nobody whether a request may pass",
};
/** What a request gets to its pod without. */
const IGNORED: Readonly<Record<string, string>> = {
  RequestHeaderModifier: "headers of requests are not edited",
  ResponseHeaderModifier: "headers of responses are not edited",
  RequestMirror: "requests are not mirrored",
  URLRewrite: "pods get the path and the host as they came",
  CORS: "CORS is the pods' business",
};

/**
 * `filters` of a rule, or of one of its backends. An edge has none of them, which is told.
 *
 * @returns whether requests may go on without them
 */
export function readFilters(field: Field): boolean {
  let passable = true;
  for (const item of field.items()) {
    const type = item.at("type").read(text) ?? "";
    const why = Object.hasOwn(IGNORED, type) ? IGNORED[type] : undefined;
    if (why !== undefined) {
      item.ignore(why);
      continue;
    }
    passable = false;
    const needed = Object.hasOwn(NEEDED, type)
      ? NEEDED[type]!
      : `${shown(type)} is no filter that is known here`;
    item.ignore(`${needed}: what it is for gets 500`);
  }
  return passable;
}
