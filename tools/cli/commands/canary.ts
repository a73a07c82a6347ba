import type { Api } from "../api.ts";
import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { age, table } from "../print.ts";

interface PoolNow {
  readonly pool: string;
  readonly weight: number | null;
  readonly pods: {
    readonly id: string;
    readonly state: string;
    readonly deadline: number | null;
  }[];
}

/** What is said of a pool in the words of docs/operations.md, and the state that it is to the API. */
const ACTIONS: Readonly<Record<string, string>> = {
  pause: "paused",
  rollback: "rolled-back",
  promote: "retiring",
  ready: "ready",
};
const KNOWN = `weight, ${Object.keys(ACTIONS).join(", ")}`;

export const canary = command({
  name: "canary",
  description: "Ramp, pause, roll back or promote a pool of a split; who is promoted has the primary retire",
  args: {
    pool: { type: "positional", description: "The pool's name", required: true },
    action: { type: "positional", description: KNOWN, required: true },
    weight: {
      type: "positional",
      description: "For weight: its part of the new sessions; config: that of the config again",
      required: false,
    },
    deadline: {
      type: "string",
      description: "For promote: when its sessions must leave; the pool's drain unless given",
    },
  },
  async run({ pool, action, weight, deadline }, { api, paint }) {
    const body = action === "weight" ? { weight: weightIn(weight) } : { state: ACTIONS[action], deadline };
    if (action !== "weight" && !Object.hasOwn(ACTIONS, action))
      throw new Failure("usage", `there is no ${JSON.stringify(action)} here: write one of ${KNOWN}`);
    if (action !== "weight" && weight !== undefined)
      throw new Failure("usage", `${JSON.stringify(weight)} is one word too many: see --help`);
    if (deadline !== undefined && action !== "promote")
      throw new Failure("usage", "--deadline goes with promote alone");
    const named = action === "promote" ? await primaryOf(pool, api) : pool;
    const { json } = await api.send<PoolNow>("PATCH", `/pools/${encodeURIComponent(named)}`, { body });
    const now = Date.now();
    const rows = json.pods.map((pod) => [
      pod.id,
      pod.state,
      pod.deadline === null ? null : age(pod.deadline, now),
    ]);
    const given = json.weight === null ? "the config's weight" : `the weight ${json.weight}`;
    const text = `${named} has ${given}: every edge goes by this within 10 s.\n\n${table(["pod", "state", "deadline"], rows, paint)}`;
    return { json, text };
  },
});

/** Who retires when a side of a split is promoted: the first side. One that is first itself is meant. */
async function primaryOf(pool: string, api: Api): Promise<string> {
  const { config } = await api.get<{ config: { routes: { split?: Record<string, number> }[] } }>("/config");
  const splits = config.routes.map(({ split = {} }) => Object.keys(split));
  const [first, ...others] = new Set(splits.filter((sides) => sides.includes(pool)).map(([side]) => side!));
  if (others.length === 0) return first ?? pool;
  const all = [first, ...others].join(", ");
  throw new Failure("usage", `${pool} is a side beside ${all}: name the one that is to retire`);
}

function weightIn(text: string | undefined): number | null {
  if (text === "config") return null;
  if (text !== undefined && /^[0-9]{1,7}$/.test(text)) return Number(text);
  throw new Failure("usage", "write a weight from 0 to 1000000, or config: mooring canary POOL weight 20");
}
