import type { Beat, Break } from "../../src/model/beat.ts";
import type { Sid } from "../../src/model/binding.ts";

/** One break as the ledger has it, and everyone who told it. */
export interface Entry {
  /** What is listed: it left the pod to where the epoch before had brought the session, whatever its teller says. */
  first: Break;
  readonly told: Break[];
}

/** worker/coordinator/ledger.ts in memory: batches once, breaks once for each (sid, epoch, ended). */
export class SimLedger {
  readonly entries = new Map<string, Entry>();
  readonly #batches = new Map<string, number>();

  take({ isolate, batch, counts, breaks }: Beat): void {
    if (counts.length === 0 && breaks.length === 0) return;
    const last = this.#batches.get(isolate);
    if (last !== undefined && batch <= last) return;
    this.#batches.set(isolate, batch);
    for (const entry of breaks) this.add(entry);
  }

  add(entry: Break): void {
    const { sid, epoch, to, from: told, passed } = entry;
    const after = this.entries.get(`${sid} ${epoch + 1} moved`)?.first.from;
    if (passed && told !== "" && after === told) return;
    const key = ledgerKey(entry);
    const known = this.entries.get(key) ?? this.#other(entry);
    const listed = { ...entry, from: this.#left(entry) };
    if (known !== undefined) {
      known.told.push(entry);
      if (known.first.from === "" && known.first.to === to)
        known.first = { ...known.first, from: listed.from };
      return;
    }
    this.entries.set(key, { first: listed, told: [entry] });
    const next = this.entries.get(`${sid} ${epoch + 1} moved`);
    const from = this.movedAt(sid, epoch)?.to;
    if (next !== undefined && from !== undefined && next.first.to !== from)
      next.first = { ...next.first, from };
  }

  /** The same move as others told it: without the store's cause, or with it. */
  #other({ sid, epoch, from, to, cause }: Break): Entry | undefined {
    if (to === "") return undefined;
    const other = this.entries.get(`${sid} ${epoch} ${cause === "store-adopt" ? "moved" : "adopted"}`);
    const same =
      other?.first.to === to && (other.first.from === from || other.first.from === "" || from === "");
    return same ? other : undefined;
  }

  /** The move that an epoch ended with. */
  movedAt(sid: Sid, epoch: number): Break | undefined {
    const at = (kind: string) => this.entries.get(`${sid} ${epoch} ${kind}`)?.first;
    return at("adopted") ?? at("moved");
  }

  #left({ sid, epoch, from, to, cause, alone }: Break): string {
    if (to === "" || ((alone || cause === "store-adopt") && from !== "")) return from;
    const before = this.movedAt(sid, epoch - 1)?.to;
    return before === undefined || before === to ? from : before;
  }
}

/** A session that moved to an epoch may also end in it, or be found at another pod of it, which are other breaks. */
function ledgerKey({ sid, epoch, to, cause }: Break): string {
  return `${sid} ${epoch} ${to === "" ? "ended" : cause === "store-adopt" ? "adopted" : "moved"}`;
}
