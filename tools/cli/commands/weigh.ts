import { command } from "../command.ts";
import { Failure } from "../failure.ts";

export const weigh = command({
  name: "weigh",
  description: "Give a pod another weight for new sessions, whatever the config says",
  args: {
    pool: { type: "positional", description: "The pool's name", required: true },
    pod: { type: "positional", description: "The pod's id", required: true },
    weight: {
      type: "positional",
      description: "0 to 1000000; config: that of the config again",
      required: true,
    },
  },
  async run({ pool, pod, weight: text }, { api }) {
    if (!/^(config|[0-9]{1,7})$/.test(text)) {
      throw new Failure(
        "usage",
        `${JSON.stringify(text)} is no weight: write a number from 0 to 1000000, or config`,
      );
    }
    const path = `/pools/${encodeURIComponent(pool)}/pods/${encodeURIComponent(pod)}`;
    const body = { weight: text === "config" ? null : Number(text) };
    const { json } = await api.send<{ weight: number; configWeight: number }>("PATCH", path, { body });
    const { weight, configWeight } = json;
    const other = weight === configWeight ? "" : `, and ${configWeight} in the config`;
    return { json, text: `${pool}/${pod} has weight ${weight}${other}: every edge goes by it within 10 s.` };
  },
});
