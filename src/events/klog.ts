import type { Value } from "./catalog.ts";
import type { EventRecord } from "./record.ts";

/** Who writes a line. */
export interface Writer {
  readonly by: "edge" | "coordinator";
  /** Where Kubernetes has the id of a thread: a number of the isolate. */
  readonly thread: number;
  /** Where it has the line of a file: the id of the event at the coordinator, at an edge which line of the isolate this is. */
  readonly number: number;
}

/** What stands in the header or before the keys, and is no pair. */
const AHEAD = new Set(["id", "at", "severity", "kind", "message"]);

/**
 * A line as Kubernetes' klog writes them, header and pairs; times in UTC.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-instrumentation/logging.md
 *
 *     I1123 14:30:22.123000    4711 coordinator:42] "Rebound session" pool="web" from="web-2" to="web-0" …
 */
export function klogLine(record: EventRecord, { by, thread, number }: Writer): string {
  const { at, severity, message } = record;
  const iso = new Date(Number(at)).toISOString();
  const date = iso.slice(5, 7) + iso.slice(8, 10);
  const time = `${iso.slice(11, 23)}000`;
  const pairs = Object.entries(record).flatMap(([key, value]) =>
    AHEAD.has(key) ? [] : [` ${key}=${shown(value)}`],
  );
  const header = `${severity}${date} ${time} ${String(thread).padStart(7)} ${by}:${number}]`;
  return `${header} ${quoted(String(message))}${pairs.join("")}`;
}

function shown(value: Value): string {
  return typeof value === "string" ? quoted(value) : String(value);
}

const NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * A text in quotes, as Go's strconv.Quote has it: what could end the value or the line, or show as another text than it is, is
 * escaped, so that a name can forge neither a pair nor a line. That is all of the Unicode categories C and Z but the blank.
 */
function quoted(text: string): string {
  return `"${text.replace(/["\\]|[\p{C}\p{Z}]/gu, (found) => (found === " " ? found : (NAMED[found] ?? escaped(found))))}"`;
}

function escaped(found: string): string {
  const code = found.codePointAt(0)!;
  // Half of a pair is no character.
  if (code >= 0xd800 && code <= 0xdfff) return "\\ufffd";
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`;
}
