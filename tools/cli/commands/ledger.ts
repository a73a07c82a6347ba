import { command } from "../command.ts";
import { age, table } from "../print.ts";

interface Break {
  readonly at: number;
  readonly sid: string;
  readonly pool: string;
  readonly from: string;
  readonly to: string;
  readonly cause: string;
}

export const ledger = command({
  name: "ledger",
  description: "Why sessions left their pods, the newest first",
  watch: true,
  args: {
    pool: { type: "string", description: "Of this pool alone" },
    sid: { type: "string", description: "Of this session alone" },
    cause: { type: "string", description: "By this cause alone" },
    limit: { type: "string", description: "How many, at most 1000", default: "20" },
    cursor: { type: "string", description: "Where the page before ended" },
  },
  async run({ pool, sid, cause, limit, cursor }, { api, paint }) {
    const query = { pool, sid, cause, limit, cursor };
    const json = await api.get<{ breaks: Break[]; counts: object; cursor: string | null }>("/ledger", query);
    const now = Date.now();
    const rows = json.breaks.map((one) => [
      `${age(one.at, now)} ago`,
      one.sid,
      one.pool,
      one.from,
      one.to,
      one.cause,
    ]);
    const more = json.cursor === null ? "" : `\n${paint.dim(`more: --cursor ${json.cursor}`)}`;
    const text =
      rows.length === 0
        ? "No session left its pod. What edges saw in the last 5 s may be on its way."
        : table(["when", "session", "pool", "from", "to", "cause"], rows, paint) + more;
    return { json, text };
  },
});
