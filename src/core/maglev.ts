import { type Circle, Envoy, normalized } from "./envoy.ts";
import type { FinderHost } from "./finder.ts";
import { utf8 } from "./keys.ts";
import type { TablePod } from "./seating.ts";
import { xx64 } from "./xxhash.ts";

/** Slots of the table that JavaScript makes at most: Envoy's default. */
const MOST_SLOW = 65_537;

/**
 * Envoy's Maglev table, bit for bit: assembly/maglev.ts says how it is made. Where the core has no room for it, or traps, it
 * is the same up to 65,537 slots, and one of so many where it should have more.
 */
export class Maglev extends Envoy {
  readonly #pods: readonly TablePod[];
  /** Each pod's part of all weights. */
  readonly #shares: readonly number[];
  readonly #slots: number;

  /** @param pods at most 65,534, who take their turns in this order @param slots a prime below 2^31 */
  constructor(host: FinderHost, pods: readonly TablePod[], slots: number) {
    super(host, pods);
    this.#pods = pods;
    this.#shares = normalized(pods.map(({ weight }) => weight));
    this.#slots = slots;
    const most = this.#most();
    if (!(most > 0)) return;
    const { abi, keys } = host;
    this.lay(
      () => abi.maglevBytes(slots, pods.length),
      (region) => {
        abi.openMaglev(region, slots, pods.length);
        for (const [i, { id, weight }] of pods.entries()) {
          if (weight > 0) abi.seatMaglev(region, i, keys.write(id), this.#shares[i]!);
        }
        abi.buildMaglev(region, most);
      },
    );
  }

  #most(): number {
    return this.#shares.reduce((high, share) => Math.max(high, share), 0);
  }

  protected look(region: number): number {
    return this.host.abi.onMaglev(region);
  }

  protected circle(): Circle {
    const slots = Math.min(this.#slots, MOST_SLOW);
    const big = BigInt(slots);
    const most = this.#most();
    const seats = this.#shares.flatMap((share, pod) => {
      if (!(share > 0)) return [];
      const id = utf8(this.#pods[pod]!.id);
      const skip = Number(xx64(id, 1n) % (big - 1n)) + 1;
      return [{ pod, share, slot: Number(xx64(id) % big), skip, target: 0 }];
    });
    const owners = new Int32Array(seats.length === 0 ? 0 : slots).fill(-1);
    let left = owners.length;
    for (let round = 1; left > 0; round++) {
      for (const seat of seats) {
        if (left === 0) break;
        if (round * seat.share < seat.target) continue;
        seat.target += most;
        while (owners[seat.slot]! >= 0) seat.slot = (seat.slot + seat.skip) % slots;
        owners[seat.slot] = seat.pod;
        left--;
      }
    }
    return {
      owners,
      start: (hash) => Number(hash % big),
      step: (hash) => Number((hash >> 32n) % (big - 1n)) + 1,
    };
  }
}
