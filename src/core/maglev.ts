import { Envoy, type Host, normalized } from "./envoy.ts";
import type { FinderHost } from "./finder.ts";

/** Envoy's Maglev table, bit for bit: assembly/maglev.ts says how it is made. */
export class Maglev extends Envoy {
  /** @param pods at most 65,534, who take their turns in this order @param slots a prime below 2^31 */
  constructor(host: FinderHost, pods: readonly Host[], slots: number) {
    super(host, pods);
    const { abi, keys } = host;
    const shares = normalized(pods.map(({ weight }) => weight));
    const most = shares.reduce((high, share) => Math.max(high, share), 0);
    if (!(most > 0)) return;
    this.lay(
      () => abi.maglevBytes(slots, pods.length),
      (region) => {
        abi.openMaglev(region, slots, pods.length);
        for (const [i, { address, weight }] of pods.entries()) {
          if (weight > 0) abi.seatMaglev(region, i, keys.write(address), shares[i]!);
        }
        abi.buildMaglev(region, most);
      },
    );
  }

  protected look(region: number): number {
    return this.host.abi.onMaglev(region);
  }
}
