import type { Abi } from "./abi.ts";
import { type Change, changes } from "./change.ts";
import type { Keys } from "./keys.ts";
import type { Regions } from "./regions.ts";
import { type Seating, seating, type TablePod } from "./seating.ts";
import { CoreTable, type Table, type TableHost } from "./table.ts";

/** Bytes of races that are kept: what makes a change of pods cheap must not take the memory of other tables. */
const KEPT = 24 << 20;

/** Changes that are made one by one; beyond, all is built anew. */
const MOST_CHANGES = 16;

/** Seats for this many pods more than there are, and for one in eight. */
const SPARE = 4;

interface Race {
  readonly region: number;
  readonly bytes: number;
  /** Pods that the table has seats for. */
  readonly room: number;
}

/** Builds tables in the memory of the core, keeps their races, and turns one table into the next. */
export class Tables implements TableHost {
  readonly abi: Abi;
  readonly keys: Keys;
  readonly trapped: (error: unknown) => void;
  readonly #regions: Regions;
  /** One ladder for each number of bits, for the life of the core. */
  readonly #ladders = new Map<number, number>();
  /** The oldest first. */
  readonly #races = new Map<CoreTable, Race>();
  #kept = 0;

  constructor(abi: Abi, keys: Keys, regions: Regions, trapped: (error: unknown) => void) {
    this.abi = abi;
    this.keys = keys;
    this.#regions = regions;
    this.trapped = trapped;
  }

  /** A table of these pods. @throws what {@link seating} throws, and Error when memory would pass its cap */
  build(pods: readonly TablePod[], bits: number): CoreTable {
    return this.#built(seating(pods, bits, this.keys.size), bits);
  }

  /** The same, of what `old` was built of where that is faster; `old` is freed. Throws before or after that. */
  rebuild(old: Table, pods: readonly TablePod[], bits: number): CoreTable {
    const seats = seating(pods, bits, this.keys.size);
    const turned = old instanceof CoreTable && old.bits === bits ? this.#turned(old, seats) : undefined;
    if (turned !== undefined) return turned;
    old.free();
    return this.#built(seats, bits);
  }

  release(table: CoreTable): void {
    this.#drop(table);
    this.#regions.give(table.region);
  }

  /** A region; races make way for it. @throws Error when memory would pass its cap all the same */
  take(bytes: number): number {
    this.fits(bytes);
    return this.#regions.take(bytes);
  }

  /** Whether {@link take} finds a region; races make way for it. */
  fits(bytes: number): boolean {
    for (const table of this.#races.keys()) {
      if (this.#regions.fits(bytes)) return true;
      this.#drop(table);
    }
    return this.#regions.fits(bytes);
  }

  #built(seats: Seating, bits: number): CoreTable {
    const { abi } = this;
    const pods = seats.order.length;
    const room = pods + (pods >>> 3) + SPARE;
    const regions: number[] = [];
    const take = (bytes: number) => {
      const region = this.take(bytes);
      regions.push(region);
      return region;
    };
    try {
      if (pods === 0) return new CoreTable(this, seats, bits, 0);
      const ladder = this.#ladder(bits);
      const table = take(abi.tableBytes(room, bits));
      const bytes = abi.raceBytes(bits);
      const race = take(bytes);
      const scratch = take(abi.scratchBytes(room, bits));
      abi.open(table, ladder, pods, bits, room);
      for (let i = 0; i < pods; i++) {
        this.keys.writeBytes(seats.ids[i]!);
        abi.seat(table, i, seats.ids[i]!.length, seats.weights[i]!);
      }
      abi.build(table, race, scratch);
      regions.splice(0, 2);
      const built = new CoreTable(this, seats, bits, table);
      this.#keep(built, { region: race, bytes, room });
      return built;
    } catch (error) {
      this.trapped(error);
      return new CoreTable(this, seats, bits, 0);
    } finally {
      for (const region of regions) this.#regions.give(region);
    }
  }

  /** The old table with its few changes made; undefined when there are too many, or its race is gone. */
  #turned(old: CoreTable, seats: Seating): CoreTable | undefined {
    const race = this.#races.get(old);
    if (race === undefined) return undefined;
    const [before, after] = [old.seating.order.length, seats.order.length];
    const steps = changes(old.seating, seats);
    const added = steps.filter(({ kind }) => kind === "insert").length;
    // Half of the pods stay, so that there is one at every step.
    const few = steps.length <= MOST_CHANGES && 2 * steps.length <= Math.min(before, after);
    if (!few || before + added > race.room) return undefined;
    const { region, bits } = old;
    const scratch = this.take(this.abi.scratchBytes(race.room, bits));
    // Room for the scratch may have cost the race.
    if (!this.#races.has(old)) {
      this.#regions.give(scratch);
      return undefined;
    }
    try {
      for (const step of steps) this.#make(region, race.region, step);
      if (steps.length > 0) this.abi.settle(region, race.region, scratch);
      this.#races.delete(old);
      this.#kept -= race.bytes;
      old.region = 0;
      const turned = new CoreTable(this, seats, bits, region, true);
      this.#keep(turned, race);
      return turned;
    } catch (error) {
      this.trapped(error);
      return undefined;
    } finally {
      this.#regions.give(scratch);
    }
  }

  #make(table: number, race: number, change: Change): void {
    const { abi, keys } = this;
    switch (change.kind) {
      case "unseat":
        abi.unseat(table, race, change.seat);
        break;
      case "insert":
        keys.writeBytes(change.id);
        abi.insert(table, race, change.seat, change.id.length, change.weight);
        break;
      case "reweigh":
        abi.reweigh(table, race, change.seat, change.weight);
        break;
    }
  }

  #keep(table: CoreTable, race: Race): void {
    this.#races.set(table, race);
    this.#kept += race.bytes;
    for (const oldest of this.#races.keys()) {
      if (this.#kept <= KEPT) break;
      this.#drop(oldest);
    }
  }

  #drop(table: CoreTable): void {
    const race = this.#races.get(table);
    if (race === undefined) return;
    this.#races.delete(table);
    this.#kept -= race.bytes;
    this.#regions.give(race.region);
  }

  #ladder(bits: number): number {
    const known = this.#ladders.get(bits);
    if (known !== undefined) return known;
    const ladder = this.take(this.abi.ladderBytes(bits));
    this.abi.layLadder(ladder, bits);
    this.#ladders.set(bits, ladder);
    return ladder;
  }
}
