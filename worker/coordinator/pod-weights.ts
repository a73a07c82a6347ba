import { type Pod, tagToHex } from "../../src/model/pod.ts";
import { type Pool, weighed } from "../../src/model/pool.ts";
import { type Refused, refused } from "./reply.ts";

type Row = { tag: string; weight: number };

/** The weights that operators gave to pods: beside the config, on the same disk, and in no revision of it. */
export class PodWeights {
  readonly #sql: SqlStorage;
  #told: Readonly<Record<string, number>>;
  /** A rebalance knows a pool again by its object. */
  #over = new WeakMap<Pool, Pool>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<Row>("SELECT tag, weight FROM pod_weights").toArray();
    this.#told = Object.fromEntries(rows.map(({ tag, weight }) => [tag, weight]));
  }

  /** By 12 hex digits of the tag: what edges hear. Undefined when there are none. */
  get told(): Readonly<Record<string, number>> | undefined {
    return Object.keys(this.#told).length === 0 ? undefined : this.#told;
  }

  /** The pool of a config as edges choose by it; the same object until a weight changes. */
  over(pool: Pool): Pool {
    const known = this.#over.get(pool) ?? weighed(pool, this.#told);
    this.#over.set(pool, known);
    return known;
  }

  /** Why it cannot be: no pod of the pool would have any weight, where the config gives it some. */
  refuse({ tag }: Pod, weight: number | undefined, pool: Pool): Refused | undefined {
    const after = this.#with(tagToHex(tag), weight);
    const has = pool.pods.some((pod) => pod.weight > 0);
    return has && pool.pods.every((pod) => (after[tagToHex(pod.tag)] ?? pod.weight) === 0)
      ? NO_WEIGHT
      : undefined;
  }

  /** @param weight undefined takes it back */
  set(tag: string, weight: number | undefined, who: string, now: number): void {
    if (weight === undefined) this.#sql.exec("DELETE FROM pod_weights WHERE tag = ?", tag);
    else {
      this.#sql.exec(
        "INSERT OR REPLACE INTO pod_weights (tag, weight, since, who) VALUES (?, ?, ?, ?)",
        ...[tag, weight, now, who],
      );
    }
    this.#told = this.#with(tag, weight);
    this.#over = new WeakMap();
  }

  /** Forgets those of pods that are neither in the config nor remembered as departed. */
  forget(known: ReadonlySet<string>): void {
    for (const tag of Object.keys(this.#told)) if (!known.has(tag)) this.set(tag, undefined, "", 0);
  }

  #with(tag: string, weight: number | undefined): Readonly<Record<string, number>> {
    const { [tag]: _, ...others } = this.#told;
    return weight === undefined ? others : { ...others, [tag]: weight };
  }
}

const NO_WEIGHT = refused(
  409,
  "no-weight",
  "No pod of the pool would have any weight",
  "Give another pod a weight first, or drain or disable this one.",
);
