import { setTimeout as sleep } from "node:timers/promises";
import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { table } from "../print.ts";

interface Status {
  readonly state: string;
  readonly moved: number;
  readonly left: number | null;
  readonly skew: { readonly before: number | null; readonly now: number | null; readonly after?: number };
  readonly why?: string;
  readonly moves?: readonly { readonly from: string; readonly to: string; readonly sessions: number }[];
}

/** How often the progress is looked at. Milliseconds. */
const EVERY = 1000;

export const rebalance = command({
  name: "rebalance",
  description: "Move idle sessions of a pool to its emptier pods, and tell how far it is until it ends",
  args: {
    pool: { type: "positional", description: "The pool's name", required: true },
    action: { type: "positional", description: "start, plan, show or stop", default: "start" },
    rate: { type: "string", description: "Sessions a second, 1 to 100 (10)" },
    target: { type: "string", description: "The skew at which it ends, 1 for none at all (1.05)" },
    detach: { type: "boolean", description: "Begin, and do not wait for the end" },
  },
  watch: ({ action }) => action === "show" || action === "plan",
  async run({ pool, action, rate, target, detach }, { api, paint, say }) {
    const path = `/pools/${encodeURIComponent(pool)}/rebalance`;
    const asked = { ...numberIn("rate", rate), ...numberIn("target", target) };
    if (!["start", "plan"].includes(action) && Object.keys(asked).length > 0)
      throw new Failure("usage", "--rate and --target go with start and plan alone");
    let status: Status;
    switch (action) {
      case "show":
        status = await api.get<Status>(path);
        break;
      case "stop":
        status = (await api.send<Status>("DELETE", path)).json;
        break;
      case "plan":
        status = (await api.send<Status>("POST", path, { body: { ...asked, dryRun: true } })).json;
        break;
      case "start":
        status = (await api.send<Status>("POST", path, { body: asked })).json;
        break;
      default:
        throw new Failure("usage", `rebalance can start, plan, show and stop, not ${JSON.stringify(action)}`);
    }
    while (action === "start" && !detach && status.state === "running") {
      say(wordsOf(pool, status));
      await sleep(EVERY);
      status = await api.get<Status>(path);
    }
    const { moves = [] } = status;
    const rows = moves.map(({ from, to, sessions }) => [from, to, sessions]);
    const more = rows.length === 0 ? [] : ["", table(["from", "to", "sessions"], rows, paint)];
    return { json: status, text: [wordsOf(pool, status), ...more].join("\n") };
  },
});

function numberIn(name: string, text: string | undefined): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Failure("usage", `--${name}: not a number`);
  return { [name]: value };
}

function wordsOf(pool: string, { state, moved, left, skew, why = "" }: Status): string {
  if (state === "none") return `${pool} was never rebalanced.`;
  const to = skew.after ?? skew.now;
  const skews = `skew ${figure(skew.before)} → ${figure(to)}`;
  const because = why === "" ? "" : ` (${why})`;
  if (state === "planned") return `${pool}: ${left ?? "–"} sessions would move, ${skews}${because}.`;
  return `${pool} is ${state}${because}: ${moved} moved, ${left ?? "–"} left, ${skews}.`;
}

function figure(skew: number | null): string {
  return skew === null ? "–" : String(Math.round(skew * 100) / 100);
}
