import type { Abi } from "./abi.ts";
import type { Keys } from "./keys.ts";
import type { OutView } from "./view.ts";

/** What a {@link Finder} shares with the rest of its core. */
export interface FinderHost {
  readonly abi: Abi;
  readonly keys: Keys;
  crc32(text: string): number;
  /** Counts a trap; throws whatever is none. */
  trapped(error: unknown): void;
  /** A region, or 0 when there is no room. */
  take(bytes: number): number;
  give(region: number): void;
}

/** Finds pods in a region of the core that knows which of them are out; when that does not answer, slowly. */
export abstract class Finder<What> {
  protected readonly host: FinderHost;
  readonly #pods: number;
  /** 0: no region, as it was freed, could not be built, or would be empty. */
  #region = 0;
  /** The version of the standing that the region knows; undefined: none. */
  #version: number | undefined;

  constructor(host: FinderHost, pods: number) {
    this.host = host;
    this.#pods = pods;
  }

  /** What the core finds in a region; NOBODY when all are out. */
  protected abstract seek(region: number, what: What): number;
  /** The same without the core; -1 when all are out. */
  protected abstract search(what: What, out: Uint8Array | undefined): number;

  /** Builds the region, which the subclass has to do once. */
  protected lay(bytes: () => number, build: (region: number) => void): void {
    let region = 0;
    try {
      region = this.host.take(bytes());
      if (region === 0) return;
      build(region);
      this.#region = region;
    } catch (error) {
      if (region !== 0) this.host.give(region);
      this.host.trapped(error);
    }
  }

  /** The pod that is found, by its position; -1 when all are out, or none has a weight. Absent a standing, none is out. */
  at(what: What, standing?: OutView): number {
    if (standing?.live === 0) return -1;
    if (this.#region === 0) return this.search(what, standing?.out);
    try {
      if (this.#version !== standing?.version) this.#learn(standing);
      const found = this.seek(this.#region, what);
      return found === (this.host.abi.NOBODY.value as number) ? -1 : found;
    } catch (error) {
      // No number is equal to it.
      this.#version = Number.NaN;
      this.host.trapped(error);
      return this.search(what, standing?.out);
    }
  }

  /** Gives the memory back. It still answers, slowly. */
  free(): void {
    if (this.#region === 0) return;
    this.host.give(this.#region);
    this.#region = 0;
  }

  #learn(standing: OutView | undefined): void {
    const { abi } = this.host;
    const outs = new Uint32Array(abi.memory.buffer, abi.outsOf(this.#region), this.#pods);
    if (standing === undefined) outs.fill(0);
    else outs.set(standing.out);
    this.#version = standing?.version;
  }
}
