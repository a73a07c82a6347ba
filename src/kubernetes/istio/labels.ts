import type { Service } from "../cluster.ts";

/** Labels of Services by which sessions are carried in a cookie, or in a header. */
export const COOKIE = "istio.io/persistent-session";
export const HEADER = "istio.io/persistent-session-header";

/** Whether a Service asks for persistent sessions. */
export function isLabelled({ object: { labels } }: Service): boolean {
  return [COOKIE, HEADER].some((name) => Object.hasOwn(labels, name) && labels[name] !== "");
}
