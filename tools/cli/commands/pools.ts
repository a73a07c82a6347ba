import { command } from "../command.ts";
import { table } from "../print.ts";

export const pools = command({
  name: "pools",
  description: "List the pools",
  watch: true,
  async run(_, { api, paint }) {
    const json = await api.get<{
      pools: {
        name: string;
        policy: string;
        pods: number;
        states: Record<string, number>;
        sessions: number | null;
      }[];
    }>("/pools");
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
