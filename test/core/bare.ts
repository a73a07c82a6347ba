import { instantiate } from "../../src/core/abi.ts";
import type { Envoy } from "../../src/core/core.ts";
import type { FinderHost } from "../../src/core/finder.ts";
import { Keys } from "../../src/core/keys.ts";
import { Regions } from "../../src/core/regions.ts";
import { RingHash } from "../../src/core/ring-hash.ts";
import { coreBytes } from "../support/core.ts";

/** A core of its own, in which a hash may be looked up by itself. */
export function bare(build: (host: FinderHost) => Envoy): (hash: bigint) => number {
  const abi = instantiate(new WebAssembly.Module(coreBytes()));
  const regions = new Regions(abi.memory, abi.REGIONS.value as number, 16 << 20);
  let region = 0;
  const finder = build({
    abi,
    keys: new Keys(abi),
    crc32: () => 0,
    trapped(error) {
      throw error;
    },
    take: (bytes) => {
      region = regions.take(bytes);
      return region;
    },
    give: () => {},
  });
  return (hash) => {
    new BigUint64Array(abi.memory.buffer, abi.HASH.value as number, 1)[0] = hash;
    return finder instanceof RingHash ? abi.onWide(region) : abi.onMaglev(region);
  };
}
