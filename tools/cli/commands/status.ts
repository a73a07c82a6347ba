import { command } from "../command.ts";
import { table } from "../print.ts";
import type { PoolRow } from "./pools.ts";

interface Ledger {
  readonly counts: Readonly<Record<string, number>>;
}

/** Where things stand, in one look. */
export const status = command({
  name: "status",
  description: "Revision, pools, sessions, and why sessions ever left their pods",
  watch: true,
  async run(_, { api, paint }) {
    const [{ revision }, pools, { counts }] = await Promise.all([
      api.get<{ revision: number }>("/config"),
      api.list<PoolRow>("/pools", "pools"),
      api.get<Ledger>("/ledger", { limit: "1" }),
    ]);
    const rows = pools.map(({ name, policy, pods, states, sessions }) => [
      name,
      policy,
      pods,
      words(states),
      sessions,
    ]);
    const breaks = Object.entries(counts).filter(([, count]) => count > 0);
    const text = [
      `${api.url}, revision ${revision}`,
      "",
      table(["pool", "policy", "pods", "states", "sessions"], rows, paint),
      "",
      breaks.length === 0
        ? "No session ever left its pod."
        : table(["sessions that left, by cause", "count"], breaks, paint),
    ].join("\n");
    return { json: { url: api.url, revision, pools, counts }, text };
  },
});

function words(states: PoolRow["states"]): string {
  return Object.entries(states)
    .map(([state, count]) => `${count} ${state}`)
    .join(", ");
}
