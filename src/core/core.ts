import { type Abi, instantiate } from "./abi.ts";
import type { Host } from "./envoy.ts";
import type { FinderHost } from "./finder.ts";
import { crc32, wyhash32 } from "./hash.ts";
import { Ketama } from "./ketama.ts";
import { Keys, utf8 } from "./keys.ts";
import { Least } from "./least.ts";
import { Maglev } from "./maglev.ts";
import { Regions } from "./regions.ts";
import { RingHash } from "./ring-hash.ts";
import type { TablePod } from "./seating.ts";
import type { Table } from "./table.ts";
import { Tables } from "./tables.ts";

export type { Envoy, Host } from "./envoy.ts";
export { Journal } from "./journal.ts";
export type { Ketama } from "./ketama.ts";
export type { Least, Measure } from "./least.ts";
export type { TablePod } from "./seating.ts";
export type { Table } from "./table.ts";
export type { LoadView, OutView } from "./view.ts";

/** Bytes that the tables of all pools may take, with everything else in the core: an isolate has 128 MiB in all. */
const CAP = 96 << 20;

/**
 * The WebAssembly core: one instance, many tables. Copies in, calls, copies out. Its memory grows only when something is
 * built. A trap is counted and answered without the core.
 */
export class Core {
  readonly #abi: Abi;
  readonly #keys: Keys;
  readonly #regions: Regions;
  readonly #tables: Tables;
  #traps = 0;

  /** Instantiates at once, so that it can be made at module scope. @param cap bytes that its memory may reach */
  constructor(module: WebAssembly.Module, cap: number = CAP) {
    const abi = instantiate(module);
    this.#abi = abi;
    this.#keys = new Keys(abi);
    this.#regions = new Regions(abi.memory, abi.REGIONS.value as number, cap);
    this.#tables = new Tables(abi, this.#keys, this.#regions, (error) => this.#trapped(error));
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

  /** CRC-32 of the key's UTF-8 bytes. u32. */
  crc32(key: string): number {
    try {
      const length = this.#keys.write(key);
      if (length >= 0) return this.#abi.crc32(length) >>> 0;
    } catch (error) {
      this.#trapped(error);
    }
    return crc32(utf8(key));
  }

  /**
   * Builds a table of 2^bits slots; it answers with positions in `pods`, and their order does not matter otherwise.
   * @throws RangeError for pods or bits that no table can be built of
   * @throws Error when the memory of the core would pass its cap
   */
  table(pods: readonly TablePod[], bits: number): Table {
    return this.#tables.build(pods, bits);
  }

  /**
   * The same table as {@link table} builds, made of an older one, which is freed: a change of one pod costs a tenth. A
   * request that still holds the older one is answered, slowly and without quota.
   * @throws as {@link table}; for a RangeError the older one stays as it was
   */
  retable(old: Table, pods: readonly TablePod[], bits: number): Table {
    return this.#tables.rebuild(old, pods, bits);
  }

  /** What finds the least loaded of so many pods; when the memory is full it cannot say, and says so. */
  least(pods: number): Least {
    const host = {
      abi: this.#abi,
      trapped: (error: unknown) => this.#trapped(error),
      give: (region: number) => this.#regions.give(region),
    };
    return new Least(host, pods, this.#tree(pods));
  }

  /** The ring of ketama over pods whose ids are `ip:port`; when the memory is full it is searched, slowly. */
  ketama(pods: readonly TablePod[]): Ketama {
    return new Ketama(this.#host(), pods);
  }

  /** Envoy's ring over pods in their order; when the memory is full another rule answers. */
  ringHash(pods: readonly Host[], minimum: number): RingHash {
    return new RingHash(this.#host(), pods, minimum);
  }

  /** Envoy's Maglev table over pods in their order; when the memory is full another rule answers. */
  maglev(pods: readonly Host[], slots: number): Maglev {
    return new Maglev(this.#host(), pods, slots);
  }

  #host(): FinderHost {
    return {
      abi: this.#abi,
      keys: this.#keys,
      crc32: (text) => this.crc32(text),
      trapped: (error) => this.#trapped(error),
      take: (bytes) => (this.#tables.fits(bytes) ? this.#tables.take(bytes) : 0),
      give: (region) => this.#regions.give(region),
    };
  }

  #tree(pods: number): number {
    if (pods === 0) return 0;
    try {
      const bytes = this.#abi.treeBytes(pods);
      if (!this.#tables.fits(bytes)) return 0;
      const tree = this.#tables.take(bytes);
      this.#abi.openTree(tree, pods);
      return tree;
    } catch (error) {
      this.#trapped(error);
      return 0;
    }
  }

  #trapped(error: unknown): void {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    this.#traps++;
  }
}
