import type { Beat, Break } from "../../src/model/beat.ts";

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
    const { sid, epoch, to } = entry;
    const key = ledgerKey(entry);
    const known = this.entries.get(key);
    const listed = { ...entry, from: this.#left(entry) };
    if (known !== undefined) {
      known.told.push(entry);
      if (known.first.from === "" && known.first.to === to)
        known.first = { ...known.first, from: listed.from };
      return;
    }
    this.entries.set(key, { first: listed, told: [entry] });
    const next = this.entries.get(ledgerKey({ sid, epoch: epoch + 1, to }));
    if (to !== "" && next !== undefined && next.first.to !== to) next.first = { ...next.first, from: to };
  }

  #left({ sid, epoch, from, to }: Break): string {
    const before = this.entries.get(ledgerKey({ sid, epoch: epoch - 1, to: "moved" }))?.first.to;
    return to === "" || before === undefined || before === to ? from : before;
  }
}

/** A session that moved to an epoch may also end in it, which is another break. */
export function ledgerKey({ sid, epoch, to }: Pick<Break, "sid" | "epoch" | "to">): string {
  return `${sid} ${epoch} ${to === "" ? "ended" : "moved"}`;
}
