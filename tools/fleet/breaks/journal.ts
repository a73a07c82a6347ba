import type { Cause } from "../../../src/model/binding.ts";
import type { LedgerEntry } from "../ledger.ts";

/** Why a session may leave its pod: what the script did to the pod, or to the session itself. Times in ms since the epoch. */
export interface Act {
  readonly cause: Cause;
  readonly pod?: string;
  readonly sid?: string;
  readonly from: number;
  /** Until every edge knows that it is over; infinite while it stands. */
  until: number;
}

/**
 * What was away, for judging errors. `pod`: it refused connections; `silent-pod`: it accepted them and said nothing;
 * `machine`: too busy with something else to tell.
 */
export type Away = "pod" | "silent-pod" | "store" | "coordinator" | "machine";

export interface Absence {
  readonly what: Away;
  readonly from: number;
  until: number;
}

/** A request that had no good answer; status 0: none at all. */
export interface Trouble {
  readonly client: string;
  readonly method: string;
  readonly status: number;
  readonly text: string;
  readonly from: number;
  readonly until: number;
}

/**
 * How long a store that was away may still part edges that find sessions by key: their breakers stay open for 5 s, and then
 * each has to meet the key once more before all of them go by the store again.
 */
const PARTED = 12_000;
/** How long after its end an act may still be what a view goes by: a probe, a heartbeat, and what was under way. */
const GRACE = 4000;
/** A request may have begun before what moved it. */
const UNDER_WAY = 5000;

/** What a script did, and when: what all that clients saw is held against. */
export class Journal {
  readonly acts: Act[] = [];
  readonly absences: Absence[] = [];

  /** From now on; the answer ends it. */
  act(cause: Cause, whom: { pod: string } | { sid: string }): () => void {
    const act: Act = { cause, ...whom, from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.acts.push(act);
    return () => {
      act.until = Date.now() + GRACE;
    };
  }

  /** From now on; the answer ends it. */
  away(what: Away): () => void {
    const absence: Absence = { what, from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.absences.push(absence);
    return () => {
      absence.until = Date.now() + GRACE;
    };
  }

  /** Something was away for a moment that has just passed. */
  was(what: Away, from: number): void {
    this.absences.push({ what, from, until: Date.now() });
  }

  /** Whether edges may have found a keyed session without asking the store at this time. */
  parted(at: number): boolean {
    return this.absences.some(
      ({ what, from, until }) => what === "store" && at >= from && at <= until + PARTED,
    );
  }

  /** Whether something was done that this break may come from. */
  justifies({ cause, from, sid, at }: Pick<LedgerEntry, "cause" | "from" | "sid" | "at">): boolean {
    // Two edges that had to do without the store come together again.
    if (cause === "store-adopt") return this.parted(at);
    return this.acts.some(
      (act) =>
        act.cause === cause &&
        (act.pod === undefined ? act.sid === sid : act.pod === from) &&
        at >= act.from - UNDER_WAY &&
        at <= act.until,
    );
  }

  /** What an error is put down to: `excused` by a pod that was away, else what else was away, `nothing` when all was well. */
  blame({ method, from, until }: Trouble): "excused" | "machine" | "store or coordinator" | "nothing" {
    const then = this.absences.filter((absence) => absence.from <= until && absence.until >= from);
    const was = (what: Away) => then.some((absence) => absence.what === what);
    // A GET goes on to another pod when its own refuses; what was sent to a pod that then fell silent is lost either way.
    if (was("silent-pod") || (was("pod") && method !== "GET")) return "excused";
    if (was("machine")) return "machine";
    return then.length > 0 && !was("pod") ? "store or coordinator" : "nothing";
  }
}
