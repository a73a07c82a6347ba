import { parseDuration } from "../../../src/config/duration.ts";
import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { age } from "../print.ts";

/** One call waits this long at most; the next one goes on. Milliseconds. */
const TURN = 5000;

interface Progress {
  readonly state: string;
  readonly sessions: number;
  readonly deadline: number | null;
}

export const drain = command({
  name: "drain",
  description: "Take a pod out of new sessions, and wait until it has none left",
  args: {
    pool: { type: "positional", description: "The pool's name", required: true },
    pod: { type: "positional", description: "The pod's id", required: true },
    wait: { type: "string", description: "How long to wait, such as 10m; 0s: not at all" },
    deadline: {
      type: "string",
      description: "When its sessions must leave: a duration or a time; the pool's drain unless given",
    },
  },
  async run({ pool, pod, wait, deadline }, { api, say }) {
    const limit = wait === undefined ? undefined : parseDuration(wait);
    if (limit !== undefined && typeof limit !== "number")
      throw new Failure("usage", `--wait: ${limit.message}: ${limit.hint}`);
    const end = limit === undefined ? Number.POSITIVE_INFINITY : Date.now() + limit;
    const path = `/pools/${encodeURIComponent(pool)}/pods/${encodeURIComponent(pod)}`;
    const body = deadline === undefined ? {} : { deadline };
    let { json } = await api.send<Progress>("POST", `${path}/drain`, { body });
    let told: number | undefined;
    for (;;) {
      const left = end - Date.now();
      if (json.sessions !== told) say(`${pool}/${pod} is ${json.state}, ${json.sessions} sessions left`);
      told = json.sessions;
      if (left <= 0) break;
      // Asked for with a wait it says 0 only when every edge has heard.
      const turn = `${Math.max(1, Math.min(TURN, left))}ms`;
      json = await api.get<Progress>(`${path}/drained`, { wait: turn });
      if (json.sessions === 0 || json.state === "drained") break;
    }
    const { state, sessions, deadline: at } = json;
    const until =
      at === null || state === "drained" ? "" : `; those that are left move ${age(at, Date.now())}`;
    return { json, text: `${pool}/${pod} is ${state}, ${sessions} sessions left${until}.`, no: sessions > 0 };
  },
});
