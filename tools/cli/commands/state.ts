import { command } from "../command.ts";
import { Failure } from "../failure.ts";

const STATES = ["ready", "disabled"];

export const state = command({
  name: "state",
  description: "Take a pod back from a drain, or out at once with all its sessions",
  args: {
    pool: { type: "positional", description: "The pool's name", required: true },
    pod: { type: "positional", description: "The pod's id", required: true },
    state: {
      type: "positional",
      description: `${STATES.join(" or ")}; mooring drain drains`,
      required: true,
    },
  },
  async run({ pool, pod, state: wanted }, { api }) {
    if (!STATES.includes(wanted))
      throw new Failure("usage", `${JSON.stringify(wanted)} is none of ${STATES.join(", ")}: see --help`);
    const path = `/pools/${encodeURIComponent(pool)}/pods/${encodeURIComponent(pod)}`;
    const { json } = await api.send<{ state: string; sessions: number | null }>("PATCH", path, {
      body: { state: wanted },
    });
    // Ordered ready it may be down all the same: that is for its probes to say.
    return {
      json,
      text: `${pool}/${pod} is ${json.state}, ${json.sessions ?? "unknown"} sessions: every edge goes by it within 10 s.`,
    };
  },
});
