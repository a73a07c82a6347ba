import type { TcpProxy } from "../chaos/tcp/proxy.ts";
import type { Journal } from "../fleet/breaks/journal.ts";
import type { Fleet } from "../fleet/fleet.ts";

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
  end(): Promise<void>;
}

/** Each begins at once, and tells the journal what it did. */
export const FAULTS = {
  /** A pod is killed with SIGKILL, and comes back with an empty memory. */
  pod: async ({ fleet, journal, draw }: Ground): Promise<Struck> => {
    const pod = fleet.pods[Math.floor(draw() * fleet.pods.length)]!;
    const over = journal.act("pod-gone", { pod: pod.id });
    const back = journal.away("pod", pod.id);
    await pod.kill();
    return {
      whom: pod.id,
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
