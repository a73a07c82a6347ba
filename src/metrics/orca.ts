/** How far over full a pod may say that it is: more is a mistake of its own. */
const MOST = 100;
/** Longer reports are not read. Characters. */
const LONGEST = 4096;

/**
 * The utilisation in an ORCA report, 1 for full: the pod's own measure of it (`application_utilization`), else its CPU's.
 * Undefined when the report has neither.
 *
 * @param text of the header endpoint-load-metrics: `TEXT cpu_utilization=0.3, mem_utilization=0.8`, or `JSON {…}`, as the
 * design of ORCA has it (cncf/xds, gRFC A51); a report without its kind in front is taken as text
 */
export function readUtilisation(text: string): number | undefined {
  if (text.length > LONGEST) return undefined;
  const [, kind = "", body = ""] = /^\s*(?:(TEXT|JSON)\s)?(.*)$/s.exec(text) ?? [];
  const report = kind === "JSON" ? fromJson(body) : fromText(body);
  return usable(report.application_utilization) ?? usable(report.cpu_utilization);
}

type Report = Readonly<Record<string, unknown>>;

function fromText(body: string): Report {
  const pairs = body.split(",").map((pair) => pair.split("="));
  return Object.fromEntries(
    pairs.map(([name = "", value = ""]) => [name.trim(), value.trim() === "" ? Number.NaN : Number(value)]),
  );
}

function fromJson(body: string): Report {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Report) : {};
  } catch {
    // A pod that cannot write JSON reports nothing.
    return {};
  }
}

/** 0 is how protobuf says that there is none. */
function usable(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 && value <= MOST ? value : undefined;
}
