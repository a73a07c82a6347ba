import type { Core, Least } from "../core/core.ts";
import { leastByScan } from "./least-scan.ts";
import { PodMeasure } from "./measure.ts";
import type { Standing } from "./policy.ts";

/** Trees at most: standings that take turns, as those of several zones do, have one each. */
const MOST = 8;
/** A tree that was not asked for so many picks is made one of another standing. */
const IDLE = 64;

/** How pods stand; without a version nothing is remembered of it. */
export type Standings = Pick<Standing, "out" | "live" | "inflight" | "slow" | "journal"> & {
  readonly version?: number;
};

interface Tree {
  readonly measure: PodMeasure;
  readonly least: Least;
  /** Version of the standing that it is of. */
  standing: number;
  /** Number of the pick after which another one was asked. */
  left: number;
}

/**
 * The pod with the least load of all, as {@link PodMeasure} has it: its load is at most 1 + 2^-22 times the least. By trees
 * in the core, which all that changes from pick to pick costs little; what heartbeats, health and slow start change costs
 * one step a pod, once. By a scan without a core, when it trapped and when its memory is full; both pick the same.
 */
export class LeastOfAll {
  readonly #weights: readonly number[];
  readonly #scanned: PodMeasure;
  #core: Core | undefined;
  #trees: Tree[] = [];
  /** The one that was asked last. */
  #last: Tree | undefined;
  #picks = 0;

  constructor(weights: readonly number[], core?: Core) {
    this.#weights = weights;
    this.#scanned = new PodMeasure(weights);
    this.#core = core;
  }

  /**
   * Its index, or -1 when every pod is out; of equals one is drawn with 32 random bits.
   *
   * @param others requests in flight by other isolates @param worths beside a normal pod
   * @param revision another number for other contents of the two
   */
  pick(
    word: number,
    standing: Standings,
    others?: Float64Array,
    worths?: Float64Array,
    revision = 0,
  ): number {
    if (standing.live === 0) return -1;
    const tree = this.#treeOf(standing.version);
    const measure = tree?.measure ?? this.#scanned;
    measure.look(standing, others, worths, revision);
    return tree?.least.pick(word, standing, measure) ?? leastByScan(measure, word, standing.inflight);
  }

  /** Gives the memory of the core back; from then on it scans. */
  free(): void {
    this.#core = undefined;
    for (const { least } of this.#trees) least.free();
    this.#trees = [];
    this.#last = undefined;
  }

  #treeOf(version: number | undefined): Tree | undefined {
    this.#picks++;
    if (this.#last !== undefined && this.#last.standing === version) return this.#last;
    if (this.#core === undefined || version === undefined) return undefined;
    if (this.#last !== undefined) this.#last.left = this.#picks;
    this.#last =
      this.#trees.find(({ standing }) => standing === version) ?? this.#turned(this.#core, version);
    return this.#last;
  }

  /** The tree that was not asked for longest, for another standing, or one more. */
  #turned(core: Core, version: number): Tree {
    let oldest = this.#trees[0];
    for (const tree of this.#trees) if (tree.left < oldest!.left) oldest = tree;
    if (oldest === undefined || (this.#trees.length < MOST && this.#picks - oldest.left < IDLE)) {
      const pods = this.#weights.length;
      oldest = {
        measure: new PodMeasure(this.#weights),
        least: core.least(pods),
        standing: version,
        left: 0,
      };
      this.#trees.push(oldest);
    }
    oldest.standing = version;
    return oldest;
  }
}
