import type { TcpProxy } from "../chaos/tcp/proxy.ts";
import type { Journal } from "../fleet/breaks/journal.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { eventually } from "../fleet/wait.ts";

/** What a fault is done to. */
export interface Ground {
  readonly fleet: Fleet;
  readonly journal: Journal;
  /** By `edge-0 store` and `edge-0 coordinator`. */
  readonly wires: ReadonlyMap<string, TcpProxy>;
  /** Fractions in 0..1. */
  draw(): number;
}

/** A fault that is on: what was hit, and what ends it. */
export interface Struck {
  readonly whom: string;
  /** Of the pod that was killed. */
  readonly sessions?: number;
  end(): Promise<void>;
}

/** Each begins at once, and tells the journal what it did. */
export const FAULTS = {
  /**
   * The pod with the most sessions is killed with SIGKILL, and comes back with an empty memory: no user comes late in a run, so
   * that one which has died has few, and to kill it again would say little.
   */
  pod: async ({ fleet, journal }: Ground): Promise<Struck> => {
    const { id, sessions } = await fullest(fleet);
    const pod = fleet.pods.find((one) => one.id === id)!;
    const over = journal.act("pod-gone", { pod: pod.id });
    const back = journal.away("pod", pod.id);
    await pod.kill();
    return {
      whom: pod.id,
      sessions,
      end: async () => {
        await pod.revive();
        over();
        back();
      },
    };
  },

  /** An edge is parted from the store. */
  store: (ground: Ground) => parted(ground, "store"),

  /** An edge is parted from the coordinator. */
  coordinator: (ground: Ground) => parted(ground, "coordinator"),
} satisfies Record<string, (ground: Ground) => Promise<Struck>>;

export type FaultName = keyof typeof FAULTS;

async function fullest({ admin }: Fleet): Promise<{ readonly id: string; readonly sessions: number }> {
  type Listed = { readonly id: string; readonly sessions: number | null };
  const { json } = await eventually(
    () => admin.get<{ pods: readonly Listed[] }>("/v1/pools/web/pods"),
    (found) => found.json.pods.every(({ sessions }) => sessions !== null),
    // On a full machine an edge may have no word of its store for longer than the ten seconds that end a wait elsewhere.
    { within: 40_000, every: 250 },
  );
  const counted = json.pods.flatMap(({ id, sessions }) => (sessions === null ? [] : { id, sessions }));
  const [most] = counted.toSorted((a, b) => b.sessions - a.sessions);
  if (most === undefined || counted.length < json.pods.length)
    throw new Error("the store does not tell how many sessions each pod has");
  return most;
}

async function parted(
  { fleet, journal, wires, draw }: Ground,
  leg: "store" | "coordinator",
): Promise<Struck> {
  const { name } = fleet.edges[Math.floor(draw() * fleet.edges.length)]!;
  const back = journal.away(leg);
  const fault = await wires.get(`${name} ${leg}`)!.inject("partition");
  return {
    whom: `${name} from the ${leg}`,
    end: async () => {
      await fault.lift();
      back();
    },
  };
}
