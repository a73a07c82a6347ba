import type { Beat, Break } from "../../src/model/beat.ts";

/** One break as the ledger has it, and everyone who told it. */
export interface Entry {
  readonly first: Break;
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
    const key = ledgerKey(entry);
    const known = this.entries.get(key);
    if (known === undefined) this.entries.set(key, { first: entry, told: [entry] });
    else known.told.push(entry);
  }
}

/** A session that moved to an epoch may also end in it, which is another break. */
export function ledgerKey({ sid, epoch, to }: Pick<Break, "sid" | "epoch" | "to">): string {
  return `${sid} ${epoch} ${to === "" ? "ended" : "moved"}`;
}
