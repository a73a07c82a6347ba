import type { Ketama, OutView } from "../core/core.ts";
import { crcOfBytes } from "../core/hash.ts";
import { isExact, MOST_WEIGHT } from "../core/ketama.ts";
import { addressOf, type Pod } from "../model/pod.ts";
import type { Template } from "../model/template.ts";
import * as z from "../model/zod.ts";
import { by, warm } from "./by.ts";
import type { Picker, PickerTools, Policy, Standing } from "./policy.ts";
import { below } from "./wheel.ts";

/** Options of {@link ketama}. */
export interface KetamaOptions {
  /** What of an unkeyed request places it; absent: chance. */
  readonly by?: Template | undefined;
  /** A key goes to so many pods, one of which is drawn; absent: to one. */
  readonly subset?: number | undefined;
}

type Choose = (hash: number, word: number, standing: Standing) => number;

/** Keys to pods by the ring of ingress-nginx and its forerunners, for who comes from there: pods are known by `ip:port`. */
export const ketama: Policy<KetamaOptions> = {
  name: "ketama",
  summary:
    "Places a key where ingress-nginx does: on a ring of 160 points for each pod's address and weight.",
  options: z.strictObject({
    by: z.optional(by),
    subset: z.optional(z.int().check(z.minimum(1), z.maximum(10_000))),
  }) as unknown as z.ZodMiniType<KetamaOptions>,
  load: false,
  warms: true,
  addresses: true,
  by: ({ by }) => by,
  notice: (weights) =>
    isExact(weights)
      ? undefined
      : `weights that come to more than ${MOST_WEIGHT} make too many points: each pod has its share of those that there may be, and keys go elsewhere than in ingress-nginx`,
  build(pods, { subset }, { core }) {
    const [choose, ring] = subset === undefined ? single(pods, core) : inSubsets(pods, subset, core);
    return {
      pick({ key, by, word }, standing) {
        const hash = typeof by === "string" ? crcOfBytes(by) : core.crc32(key);
        return standing.slow === undefined
          ? choose(hash, word, standing)
          : warm(pods, hash, standing, standing.slow, (left) => choose(hash, word, left));
      },
      free: () => ring.free(),
    } satisfies Picker;
  },
};

function single(pods: readonly Pod[], core: PickerTools["core"]): [Choose, Ketama] {
  const ring = core.ketama(pods.map((pod) => ({ id: addressOf(pod), weight: pod.weight })));
  return [(hash, _, standing) => ring.at(hash, standing), ring];
}

/**
 * `upstream-hash-by-subset`: the pods in their order, so many at a time, the last time filled up from the first; a key goes
 * to the point of a subset, and inside chance decides, by weight. A pod that is out keeps its place, which it loses there,
 * so that nobody else's subset changes; a subset whose pods are all out leaves its keys to the next point's.
 */
function inSubsets(pods: readonly Pod[], size: number, core: PickerTools["core"]): [Choose, Ketama] {
  const heavy = pods.filter(({ weight }) => weight > 0);
  const members = Array.from({ length: Math.ceil(heavy.length / size) }, (_, set) =>
    Array.from({ length: size }, (_, i) => heavy[(set * size + i) % heavy.length]!),
  );
  const ring = core.ketama(members.map((_, set) => ({ id: `set${set + 1}`, weight: 1 })));
  let known: OutView | undefined;
  const viewOf = ({ out, version }: Standing): OutView => {
    if (known?.version === version) return known;
    const gone = Uint8Array.from(members, (set) => (set.every(({ index }) => out[index] !== 0) ? 1 : 0));
    known = { out: gone, live: gone.filter((flag) => flag === 0).length, version };
    return known;
  };
  const choose: Choose = (hash, word, standing) => {
    if (standing.live === 0) return -1;
    const set = members[ring.at(hash, viewOf(standing))] ?? [];
    const open = set.filter(({ index }) => standing.out[index] === 0);
    const total = open.reduce((sum, { weight }) => sum + weight, 0);
    return turnOf(open, below(word, total));
  };
  return [choose, ring];
}

/** The pod at a place of their weights laid end to end; -1 when there are none. */
function turnOf(pods: readonly Pod[], place: number): number {
  let left = place;
  for (const { index, weight } of pods) {
    left -= weight;
    if (left < 0) return index;
  }
  return -1;
}
