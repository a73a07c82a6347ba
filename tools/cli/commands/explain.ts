import { readFileSync } from "node:fs";
import type { Explanation } from "../../../src/route/explain.ts";
import type { Trace } from "../../../src/route/trace.ts";
import { command, type Found } from "../command.ts";
import { Failure } from "../failure.ts";
import { readText } from "./file.ts";

const CORE = new URL("../../../build/core.wasm", import.meta.url);

export const explain = command({
  name: "explain",
  description: "Say where a request would go and why, or replay what was said before",
  args: {
    url: { type: "positional", description: "As the client asks: https://host/path", required: false },
    method: { type: "string", alias: "X", description: "The method", default: "GET" },
    header: { type: "string", alias: "H", description: '"name: value"; as often as needed' },
    ip: { type: "string", description: "The client's address" },
    replay: {
      type: "string",
      description: "A file that --json wrote, or traces of GET /traces: replays offline",
    },
  },
  async run({ url, method, ip, replay: file }, tools) {
    if (file !== undefined) return replayed(readText(file), file);
    if (url === undefined) throw new Failure("usage", "name a URL, or a file with --replay");
    const body = {
      method,
      url,
      headers: headersIn(process.argv),
      ...(ip === undefined ? {} : { clientIp: ip }),
    };
    const { json } = await tools.api.send<Explanation>("POST", "/explain", { body });
    return { json, text: wordsOf(json) };
  },
});

/** citty keeps the last of a flag that is repeated, and headers come in numbers. */
function headersIn(argv: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [i, flag] of argv.entries()) {
    const joined = /^--header=(.*)$/s.exec(flag)?.[1];
    const text = joined ?? (flag === "-H" || flag === "--header" ? argv[i + 1] : undefined);
    if (text === undefined) continue;
    const at = text.indexOf(":");
    if (at < 1) throw new Failure("usage", `${JSON.stringify(text)} is no header: write "name: value"`);
    const name = text.slice(0, at).trim().toLowerCase();
    headers[name] = [...(headers[name] ?? []), text.slice(at + 1).trim()];
  }
  return headers;
}

function wordsOf({ outcome, pool, pod, from, cause, revision, steps }: Explanation): string {
  const moved = from === null ? "" : `, from ${from} by ${cause}`;
  const where = pod === null ? "" : ` → ${pool}/${pod}${moved}`;
  const lines = steps.map(({ step, ...rest }) => `  ${step.padEnd(10)} ${describe(step, rest)}`);
  return [`${outcome}${where} (revision ${revision})`, ...lines].join("\n");
}

function describe(step: string, rest: Readonly<Record<string, unknown>>): string {
  if (step !== "candidates") return pairs(rest);
  const pools = rest.pools as { pool: string; policy: string; pods: { pod: string; why: string | null }[] }[];
  return pools
    .map(({ pool, policy, pods }) => {
      const open = pods.filter(({ why }) => why === null).map(({ pod }) => pod);
      const out = pods.filter(({ why }) => why !== null).map(({ pod, why }) => `${pod} (${why})`);
      return `${pool} by ${policy}: ${open.join(", ") || "none"}${out.length > 0 ? `; not ${out.join(", ")}` : ""}`;
    })
    .join(`\n${" ".repeat(13)}`);
}

function pairs(rest: Readonly<Record<string, unknown>>): string {
  return Object.entries(rest)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("; ");
}

async function replayed(text: string, file: string): Promise<Found> {
  // The steps themselves are a hundred files, which no other command needs.
  const [{ Core }, { replay }] = await Promise.all([
    import("../../../src/core/core.ts"),
    import("../../../src/route/replay.ts"),
  ]);
  const core = new Core(new WebAssembly.Module(readFileSync(CORE)));
  const results = [];
  for (const trace of tracesIn(text, file)) {
    const { outcome, pool, pod } = await replay(trace, core).catch((error: Error) => {
      throw new Failure("invalid", `${file} cannot be replayed, as a whole trace can: ${error.message}`);
    });
    const same = outcome === trace.outcome && pool === trace.pool && pod === trace.pod;
    results.push({
      same,
      outcome,
      pool: pool ?? null,
      pod: pod ?? null,
      traced: [trace.outcome, trace.pod ?? null],
    });
  }
  const same = results.filter((result) => result.same).length;
  const [first] = results;
  const one = first && `${first.outcome}${first.pod === null ? "" : ` → ${first.pool}/${first.pod}`}`;
  const words =
    results.length === 1
      ? `${one}: ${first!.same ? "the same as was traced" : `traced was ${first!.traced.join(" ")}`}`
      : `${same} of ${results.length} traces replay to the same pod`;
  return { json: { replayed: results.length, same, results }, text: words, no: same < results.length };
}

/** One trace, an explanation that holds one, or a list of traces. */
function tracesIn(text: string, file: string): Trace[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure("invalid", `${file} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const { trace, traces } = (value ?? {}) as { trace?: unknown; traces?: unknown };
  const found = (Array.isArray(traces) ? traces : [trace ?? value]) as Trace[];
  if (found.length > 0 && found.every((one) => one?.version === 1 && typeof one.answers === "object"))
    return found;
  throw new Failure("invalid", `${file} holds no trace of this version: explain --json writes one`);
}
