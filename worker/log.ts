import { env } from "cloudflare:workers";
import type { Fields, KindName, Told } from "../src/events/catalog.ts";
import { klogLine, type Writer } from "../src/events/klog.ts";
import { type EventRecord, jsonLine, recordOf } from "../src/events/record.ts";
import type { Env } from "./env.ts";

/** Numbers that name an isolate in its lines, where Kubernetes has the id of a thread. */
const THREADS = 10_000_000;

/** What MOORING_LOG may say. */
const FORMS = ["", "klog", "json"];

let thread = 0;
let lines = 0;

/** Writes what happened at this edge into its log: a line of klog's form, or of JSON where MOORING_LOG says so. */
export function log<K extends KindName>(kind: K, fields: Fields<K>, at: number = Date.now()): void {
  write(recordOf({ at, kind, fields } as Told), "edge", ++lines);
}

/** Writes a line. @param number the id of the coordinator's event, or, at an edge, which line of its isolate it is */
export function write(record: EventRecord, by: Writer["by"], number: number): void {
  const { MOORING_LOG: form = "" } = env as Env;
  if (thread === 0) {
    // Not before the first line: an isolate has no chance while it starts.
    thread = 1 + Math.floor(Math.random() * (THREADS - 1));
    const error = `${JSON.stringify(form)} is no form of lines: write json, or klog, which it is unless set`;
    if (!FORMS.includes(form)) log("setting-refused", { name: "MOORING_LOG", error });
  }
  const writer = { by, thread, number };
  const json = form === "json";
  const line = json ? jsonLine({ ...record, ...writer }) : klogLine(record, writer);
  if (record.severity === "I") console.log(line);
  else if (record.severity === "W") console.warn(line);
  else console.error(line);
}
