import { command } from "../command.ts";
import { age, table } from "../print.ts";

interface PodRow {
  readonly id: string;
  readonly state: string;
  readonly weight: number;
  readonly configWeight: number;
  readonly sessions: number | null;
  readonly inFlight: number | null;
  readonly since: number | null;
  readonly deadline: number | null;
}

export const pods = command({
  name: "pods",
  description: "List the pods of a pool",
  watch: true,
  args: { pool: { type: "positional", description: "The pool's name", required: true } },
  async run({ pool }, { api, paint }) {
    const json = { pods: await api.list<PodRow>(`/pools/${encodeURIComponent(pool)}/pods`, "pods") };
    const now = Date.now();
    const rows = json.pods.map(({ id, state, weight, configWeight, sessions, inFlight, since, deadline }) => [
      id,
      state,
      since === null ? null : age(since, now),
      weight === configWeight ? weight : `${weight} (config ${configWeight})`,
      sessions,
      inFlight === null ? null : Math.round(inFlight * 10) / 10,
      deadline === null ? null : age(deadline, now),
    ]);
    const headings = ["pod", "state", "since", "weight", "sessions", "in flight", "deadline"];
    return { json, text: table(headings, rows, paint) };
  },
});
