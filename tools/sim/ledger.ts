import type { Beat, Break } from "../../src/model/beat.ts";
import type { Sid } from "../../src/model/binding.ts";

/** One break as the ledger has it, and everyone who told it. */
export interface Entry {
  /** What is listed: it left the pod to where the epoch before had brought the session, whatever its teller says. */
  first: Break;
  readonly told: Break[];
}

/** worker/coordinator/ledger.ts has it so. Milliseconds. */
const SLACK = 5 * 60_000;
const MOVES = ["moved", "adopted", "apart"];

/** worker/coordinator/ledger.ts in memory: batches once, breaks once for each (sid, epoch, kind). */
export class SimLedger {
  readonly entries = new Map<string, Entry>();
  readonly #batches = new Map<string, number>();
  #buried = 0;

  take({ isolate, batch, counts, breaks }: Beat): void {
    if (counts.length === 0 && breaks.length === 0) return;
    const last = this.#batches.get(isolate);
    if (last !== undefined && batch <= last) return;
    this.#batches.set(isolate, batch);
    for (const entry of breaks) this.add(entry);
  }

  add(entry: Break): void {
    const { sid, epoch, to, from: told, passed } = entry;
    this.#buries(entry);
    const after = this.#at(sid, epoch + 1, "moved")?.first.from;
    if (passed && told !== "" && after === told) return;
    const listed = { ...entry, from: this.#left(entry) };
    const kind = kindOf(entry);
    const own = this.#at(sid, epoch, kind);
    const known = own === undefined ? this.#other(listed) : ([kind, own] as const);
    if (known !== undefined) {
      this.#repeats(listed, entry, known);
      return;
    }
    this.entries.set(`${sid} ${epoch} ${kind}`, { first: listed, told: [entry] });
    if (to !== "") this.#leads(sid, epoch);
  }

  /** What this break shows to be of a life of its session that is over is listed, and no more. */
  #buries({ sid, at, idle }: Break): void {
    if (idle === undefined) return;
    for (const [key, entry] of this.entries) {
      const isOld = entry.first.sid === sid && entry.first.at < at - idle * 1000 - SLACK;
      if (!isOld || key.startsWith("buried")) continue;
      this.entries.delete(key);
      this.entries.set(`buried ${this.#buried++}`, entry);
    }
  }

  #repeats({ sid, epoch, from, to }: Break, entry: Break, [kind, known]: readonly [string, Entry]): void {
    known.told.push(entry);
    const own = kindOf(entry);
    const { first } = known;
    const fills = first.from === "" && from !== "" && to !== "" && first.to === to;
    if (fills) known.first = { ...first, from };
    if (kind !== "apart" || own === "apart" || !(fills || first.from === from)) return;
    this.entries.delete(`${sid} ${epoch} ${kind}`);
    this.entries.set(`${sid} ${epoch} ${own}`, known);
    this.#leads(sid, epoch);
  }

  #at(sid: Sid, epoch: number, kind: string): Entry | undefined {
    return this.entries.get(`${sid} ${epoch} ${kind}`);
  }

  /** The same move as others told it: without the store's cause, or with it, or without the store. */
  #other({ sid, epoch, from, to }: Break): readonly [string, Entry] | undefined {
    if (to === "") return undefined;
    for (const kind of MOVES) {
      const other = this.#at(sid, epoch, kind);
      const same =
        other?.first.to === to && (other.first.from === from || other.first.from === "" || from === "");
      if (same) return [kind, other];
    }
    return undefined;
  }

  /** The move that an epoch ended with, as the store has it. */
  movedAt(sid: Sid, epoch: number): Break | undefined {
    return (this.#at(sid, epoch, "adopted") ?? this.#at(sid, epoch, "moved"))?.first;
  }

  /** Whether any move to an epoch is listed, if only by who made it without the store. */
  hasMove(sid: Sid, epoch: number): boolean {
    return MOVES.some((kind) => this.#at(sid, epoch, kind) !== undefined);
  }

  /** It was from here that the next move left, whatever its teller said. */
  #leads(sid: Sid, epoch: number): void {
    const next = this.#at(sid, epoch + 1, "moved");
    const from = this.movedAt(sid, epoch)?.to;
    if (next !== undefined && from !== undefined && next.first.to !== from)
      next.first = { ...next.first, from };
  }

  #left({ sid, epoch, from, to, cause, alone }: Break): string {
    if (to === "" || ((alone || cause === "store-adopt") && from !== "")) return from;
    const before = this.movedAt(sid, epoch - 1)?.to;
    return before === undefined || before === to ? from : before;
  }
}

/** A session that moved to an epoch may also end in it, or be found at another pod of it, which are other breaks. */
function kindOf({ to, cause, alone }: Break): string {
  if (to === "") return "ended";
  if (cause === "store-adopt") return "adopted";
  return alone ? "apart" : "moved";
}
