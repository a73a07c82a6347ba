import { command } from "../command.ts";
import { table } from "../print.ts";

export interface PoolRow {
  readonly name: string;
  readonly policy: string;
  readonly pods: number;
  readonly states: Readonly<Record<string, number>>;
  readonly sessions: number | null;
}

export const pools = command({
  name: "pools",
  description: "List the pools",
  watch: true,
  async run(_, { api, paint }) {
    const json = { pools: await api.list<PoolRow>("/pools", "pools"), cursor: null };
    const rows = json.pools.map(({ name, policy, pods, states, sessions }) => [
      name,
      policy,
      pods,
      states.ready ?? 0,
      sessions,
    ]);
    return { json, text: table(["pool", "policy", "pods", "ready", "sessions"], rows, paint) };
  },
});
