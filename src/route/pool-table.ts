import type { Table } from "../core/core.ts";
import type { Pool } from "../model/pool.ts";
import type { PickerTools } from "../policies/policy.ts";

/** A pool's hash table, built when it is first asked for, of that of the pool's last snapshot or weights where there is one. */
export class PoolTable {
  readonly #core: PickerTools["core"];
  #table: Table | undefined;
  /** Of other pods: the own one is made of it. */
  #older: Table | undefined;
  #freed = false;

  constructor(core: PickerTools["core"]) {
    this.#core = core;
  }

  get(pool: Pool): Table {
    if (this.#table !== undefined) return this.#table;
    const { pods, tableBits } = pool;
    const older = this.#older;
    this.#older = undefined;
    this.#table =
      older === undefined ? this.#core.table(pods, tableBits) : this.#core.retable(older, pods, tableBits);
    // Nobody would give it back later.
    if (this.#freed) this.#table.free();
    return this.#table;
  }

  /** The pods have other weights. */
  outdate(): void {
    this.#older ??= this.#table;
    this.#table = undefined;
  }

  /** Takes over the other's: as it is when it was built of the `same` pods, else to make its own of it. */
  inherit(old: PoolTable, same: boolean): void {
    if (same) this.#table = old.#table;
    this.#older = old.#older ?? (same ? undefined : old.#table);
    old.#table = undefined;
    old.#older = undefined;
  }

  free(): void {
    this.#freed = true;
    this.#table?.free();
    this.#older?.free();
    this.#older = undefined;
  }
}
