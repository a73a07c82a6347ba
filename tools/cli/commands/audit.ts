import { command } from "../command.ts";
import { age, table } from "../print.ts";

interface Entry {
  readonly at: number;
  readonly who: string;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly change: Readonly<Record<string, unknown>>;
}

export const audit = command({
  name: "audit",
  description: "Who changed what, the newest first",
  watch: true,
  args: {
    limit: { type: "string", description: "How many, at most 1000", default: "20" },
    cursor: { type: "string", description: "Of the page before" },
  },
  async run({ limit, cursor }, { api, paint }) {
    const json = await api.get<{ entries: Entry[]; cursor: string | null }>("/audit", { limit, cursor });
    const now = Date.now();
    const rows = json.entries.map(({ at, who, client, method, path, status, change }) => [
      `${age(at, now)} ago`,
      who,
      client,
      `${method} ${path.replace("/_mooring/v1", "")}`,
      status,
      Object.entries(change)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
    ]);
    const headings = ["when", "who", "client", "request", "status", "change"];
    const more = json.cursor === null ? "" : `\nmore: --cursor ${json.cursor}`;
    return { json, text: rows.length === 0 ? "Nothing was changed." : table(headings, rows, paint) + more };
  },
});
