const PAGE = 65_536;
const ALIGNMENT = 16;

interface Gap {
  at: number;
  bytes: number;
}

/** Hands out regions of a WebAssembly memory above a fixed base, first fit; the memory grows when no gap is wide enough. */
export class Regions {
  readonly #memory: WebAssembly.Memory;
  readonly #cap: number;
  /** In order of address, no two adjacent. */
  readonly #gaps: Gap[];
  readonly #taken = new Map<number, number>();

  /** @param cap bytes that the whole memory may reach */
  constructor(memory: WebAssembly.Memory, base: number, cap: number) {
    this.#memory = memory;
    this.#cap = cap;
    const at = align(base);
    this.#gaps = [{ at, bytes: Math.max(0, memory.buffer.byteLength - at) }];
  }

  /**
   * The address of a new region; its contents are whatever was there.
   * @throws Error when the memory would pass its cap
   */
  take(bytes: number): number {
    const need = align(bytes);
    const gap = this.#gaps.find((candidate) => candidate.bytes >= need) ?? this.#grow(need);
    const at = gap.at;
    gap.at += need;
    gap.bytes -= need;
    if (gap.bytes === 0) this.#gaps.splice(this.#gaps.indexOf(gap), 1);
    this.#taken.set(at, need);
    return at;
  }

  /** Whether {@link take} would find room. */
  fits(bytes: number): boolean {
    const need = align(bytes);
    return this.#gaps.some((gap) => gap.bytes >= need) || this.#grown(need) <= this.#cap;
  }

  /** Gives a region back. */
  give(at: number): void {
    const bytes = this.#taken.get(at);
    if (bytes === undefined) throw new Error(`no region is taken at ${at}`);
    this.#taken.delete(at);
    this.#insert({ at, bytes });
  }

  #insert(gap: Gap): Gap {
    const gaps = this.#gaps;
    let index = gaps.findIndex((other) => other.at > gap.at);
    if (index < 0) index = gaps.length;
    const after = gaps[index];
    if (after !== undefined && gap.at + gap.bytes === after.at) {
      gap.bytes += after.bytes;
      gaps.splice(index, 1);
    }
    const before = gaps[index - 1];
    if (before !== undefined && before.at + before.bytes === gap.at) {
      before.bytes += gap.bytes;
      return before;
    }
    gaps.splice(index, 0, gap);
    return gap;
  }

  #grow(need: number): Gap {
    const end = this.#memory.buffer.byteLength;
    const grown = this.#grown(need);
    if (grown > this.#cap) {
      throw new Error(
        `the tables of all pools would need ${mebibytes(grown)} MiB of WebAssembly memory, above the cap of ` +
          `${mebibytes(this.#cap)} MiB: fewer pools with a hashing policy, fewer pods or a lower tableBits`,
      );
    }
    this.#memory.grow((grown - end) / PAGE);
    return this.#insert({ at: end, bytes: grown - end });
  }

  /** Bytes of the memory once it has grown by what a region lacks. */
  #grown(need: number): number {
    const end = this.#memory.buffer.byteLength;
    const last = this.#gaps.at(-1);
    const spare = last !== undefined && last.at + last.bytes === end ? last.bytes : 0;
    return end + Math.ceil((need - spare) / PAGE) * PAGE;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function mebibytes(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(1);
}
