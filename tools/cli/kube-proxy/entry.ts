/** One line of a klog, its header taken apart. */
export interface Entry {
  /** I, W, E or F. */
  readonly level: string;
  /** Seconds since the year began: klog tells no year. Undefined where the line does not tell. */
  readonly time: number | undefined;
  /** The source file that wrote it, such as proxier.go. */
  readonly file: string;
  /** What it says, without the quotes of structured lines. */
  readonly message: string;
  /** The keys of structured lines. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Behind whatever journald, kubectl or docker writes before it. */
const HEADER =
  /(?:^|[\s:])([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)?\s+\d+ ([\w.-]+\.go):\d+\] (.*)$/s;
const QUOTED = /^"((?:[^"\\]|\\.)*)"/s;
const FIELD = /(?<=\s)([A-Za-z][\w./-]*)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S+)/gs;

/** Reads a line; undefined for one that begins no entry: the rest of the one before, or something else. */
export function entryOf(line: string): Entry | undefined {
  if (line.startsWith("{")) return jsonEntry(line);
  const [, level, month, day, hours, minutes, seconds, file, text] = HEADER.exec(line) ?? [];
  if (level === undefined || text === undefined) return undefined;
  const time = timeOf(Number(month), Number(day), Number(hours), Number(minutes), Number(seconds));
  const quoted = QUOTED.exec(text);
  if (quoted === null) return { level, time, file: file!, message: text, fields: {} };
  const fields: Record<string, string> = {};
  for (const [, name, value] of text.slice(quoted[0].length).matchAll(FIELD))
    fields[name!] = unquoted(value!);
  return { level, time, file: file!, message: unquoted(quoted[0]), fields };
}

/** `--logging-format=json`. */
function jsonEntry(line: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Cut, or no JSON at all: an odd line.
    return undefined;
  }
  const { ts, msg, caller, err, v, ...rest } = value as Record<string, unknown>;
  if (typeof msg !== "string") return undefined;
  const fields: Record<string, string> = {};
  for (const [name, held] of Object.entries({ ...rest, err })) {
    if (held !== undefined) fields[name] = typeof held === "string" ? held : JSON.stringify(held);
  }
  const date = typeof ts === "number" ? new Date(ts) : undefined;
  const time =
    date === undefined || Number.isNaN(date.getTime())
      ? undefined
      : timeOf(
          date.getUTCMonth() + 1,
          date.getUTCDate(),
          date.getUTCHours(),
          date.getUTCMinutes(),
          date.getUTCSeconds(),
        );
  // Errors have no verbosity.
  const level = v === undefined || err !== undefined ? "E" : "I";
  const file = typeof caller === "string" ? caller.replace(/^.*\//, "").replace(/:\d+$/, "") : "";
  return { level, time, file, message: msg, fields };
}

function timeOf(month: number, day: number, hours: number, minutes: number, seconds: number): number {
  // As in a leap year: what is compared is minutes apart.
  const days = Math.floor(Date.UTC(2000, month - 1, day) / 86_400_000) - 10_957;
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, (_, one: string) => (one === "n" ? "\n" : one));
}
