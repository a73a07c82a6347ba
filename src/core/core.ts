import { type Abi, instantiate } from "./abi.ts";
import { wyhash32 } from "./hash.ts";
import { Keys, utf8 } from "./keys.ts";
import { Regions } from "./regions.ts";
import { type Seating, seating, type TablePod } from "./seating.ts";
import { CoreTable, type Table, type TableHost } from "./table.ts";

export type { TablePod } from "./seating.ts";
export type { OutView, Table } from "./table.ts";

/** Bytes that the tables of all pools may take, with everything else in the core: an isolate has 128 MiB in all. */
const CAP = 96 << 20;

/**
 * The WebAssembly core: one instance, many tables. Copies in, calls, copies out. Its memory grows only when a table is
 * built. A trap is counted and answered without the core.
 */
export class Core {
  readonly #abi: Abi;
  readonly #keys: Keys;
  readonly #regions: Regions;
  readonly #host: TableHost;
  /** One ladder for each number of bits, for the life of the core. */
  readonly #ladders = new Map<number, number>();
  #traps = 0;

  /** Instantiates at once, so that it can be made at module scope. @param cap bytes that its memory may reach */
  constructor(module: WebAssembly.Module, cap: number = CAP) {
    const abi = instantiate(module);
    this.#abi = abi;
    this.#keys = new Keys(abi);
    this.#regions = new Regions(abi.memory, abi.REGIONS.value as number, cap);
    this.#host = {
      abi,
      keys: this.#keys,
      trapped: (error) => this.#trapped(error),
      give: (region) => this.#regions.give(region),
    };
  }

  /** How often the core trapped. Anything but 0 is a bug of ours. */
  get traps(): number {
    return this.#traps;
  }

  /** Bytes of memory that the core holds. */
  get bytes(): number {
    return this.#abi.memory.buffer.byteLength;
  }

  /** wyhash32 of the key's UTF-8 bytes, seed 0. u32. */
  hash(key: string): number {
    try {
      const length = this.#keys.write(key);
      if (length >= 0) return this.#abi.wyhash32(this.#abi.KEY.value as number, length) >>> 0;
    } catch (error) {
      this.#trapped(error);
    }
    return wyhash32(utf8(key));
  }

  /**
   * Builds a table of 2^bits slots; it answers with positions in `pods`, and their order does not matter otherwise.
   * @throws RangeError for pods or bits that no table can be built of
   * @throws Error when the memory of the core would pass its cap
   */
  table(pods: readonly TablePod[], bits: number): Table {
    const seats = seating(pods, bits, this.#keys.size);
    return new CoreTable(this.#host, seats, bits, seats.order.length === 0 ? 0 : this.#build(seats, bits));
  }

  /** The region of a table that is built; 0 when the core trapped. */
  #build(seats: Seating, bits: number): number {
    const abi = this.#abi;
    const pods = seats.order.length;
    let table = 0;
    let scratch = 0;
    try {
      const ladder = this.#ladder(bits);
      table = this.#regions.take(abi.tableBytes(pods, bits));
      scratch = this.#regions.take(abi.scratchBytes(pods, bits));
      abi.open(table, ladder, pods, bits);
      for (let i = 0; i < pods; i++) {
        this.#keys.writeBytes(seats.ids[i]!);
        abi.seat(table, i, seats.ids[i]!.length, seats.weights[i]!);
      }
      abi.build(table, scratch);
      return table;
    } catch (error) {
      if (table !== 0) this.#regions.give(table);
      this.#trapped(error);
      return 0;
    } finally {
      if (scratch !== 0) this.#regions.give(scratch);
    }
  }

  #ladder(bits: number): number {
    const known = this.#ladders.get(bits);
    if (known !== undefined) return known;
    const ladder = this.#regions.take(this.#abi.ladderBytes(bits));
    this.#abi.layLadder(ladder, bits);
    this.#ladders.set(bits, ladder);
    return ladder;
  }

  #trapped(error: unknown): void {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    this.#traps++;
  }
}
