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
 * `slow-store`: it answered later than edges wait, as nobody meant it to; `machine`: too busy with something else to tell.
 */
export type Away = "pod" | "silent-pod" | "store" | "slow-store" | "coordinator" | "machine";

export interface Absence {
  readonly what: Away;
  /** Which pod it was, where that is known. */
  readonly pod?: string | undefined;
  readonly from: number;
  until: number;
}

/** A good answer, and who gave it. */
export interface Visit {
  readonly edge: number;
  readonly at: number;
  /** When it was asked for. */
  readonly asked?: number;
  /** Of the config by which it was given. */
  readonly revision?: number | undefined;
}

/** A revision, and since when every edge could have had it. */
interface Written {
  readonly revision: number;
  readonly at: number;
}

/** A request that had no good answer; status 0: none at all. */
export interface Trouble {
  readonly client: string;
  readonly method: string;
  readonly status: number;
  readonly text: string;
  readonly from: number;
  readonly until: number;
  /** That the session was at when it was asked for, where that is known: another pod's absence excuses nothing then. */
  readonly pod?: string | undefined;
}

/** How long after a store is back an edge may still do without it: its breaker half-opens after 5 s. */
const PAUSE = 6000;
/** Until when edges may come together again after that, where nothing is known of who asked which of them. */
const PARTED = 20_000;
/** How long after its end an act may still be what a view goes by: a probe, a heartbeat, and what was under way. */
const GRACE = 4000;
/** A request may have begun before what moved it. */
const UNDER_WAY = 5000;

/** What a script did, and when: what all that clients saw is held against. */
export class Journal {
  readonly acts: Act[] = [];
  readonly absences: Absence[] = [];
  /** Pods that take no new session: every edge has heard it. */
  readonly #closed: { readonly pod: string; readonly from: number; until: number }[] = [];
  readonly #written: Written[] = [];
  /** New sessions that began while some pod took none. */
  newcomers = 0;

  /** From now on; the answer ends it. */
  act(cause: Cause, whom: { pod: string } | { sid: string }): () => void {
    const act: Act = { cause, ...whom, from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.acts.push(act);
    return () => {
      act.until = Date.now() + GRACE;
    };
  }

  /** From now on; the answer ends it. */
  away(what: Away, pod?: string): () => void {
    const absence: Absence = { what, pod, from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.absences.push(absence);
    return () => {
      absence.until = Date.now() + GRACE;
    };
  }

  /** Something was away for a moment that has just passed. */
  was(what: Away, from: number): void {
    this.absences.push({ what, from, until: Date.now() });
  }

  /** Every edge has heard that this pod takes no new session; the answer is called before that is taken back. */
  close(pod: string): () => void {
    const closed = { pod, from: Date.now(), until: Number.POSITIVE_INFINITY };
    this.#closed.push(closed);
    return () => {
      closed.until = Date.now();
    };
  }

  /** Whether this machine, or the store on it, was too slow since then to tell anything. */
  starved(since: number): boolean {
    return this.absences.some(
      ({ what, until }) => (what === "machine" || what === "slow-store") && until >= since,
    );
  }

  /** Whether a pod took no new session during the whole of this request. */
  wasClosed(pod: string, from: number, until: number): boolean {
    return this.#closed.some((one) => one.pod === pod && one.from <= from && one.until >= until);
  }

  /** Whether any pod did. */
  anyClosed(from: number, until: number): boolean {
    return this.#closed.some((one) => one.from <= from && one.until >= until);
  }

  /** Configs that were confirmed. */
  get writes(): number {
    return this.#written.length;
  }

  /** A config has been confirmed as this revision; from now on edges may be asked for it. */
  wrote(revision: number): void {
    this.#written.push({ revision, at: Date.now() });
  }

  /**
   * For how long an edge had been able to have a newer config than it decided by, when it was asked. Milliseconds; 0: it had
   * the newest. While the coordinator was away it could not.
   */
  behind({ revision, asked }: Visit): number {
    if (revision === undefined || asked === undefined) return 0;
    const next = this.#written.find((one) => one.revision > revision && one.at < asked);
    if (next === undefined) return 0;
    const cut = this.absences.filter(({ what, from }) => what === "coordinator" && from <= asked);
    // An absence ends with a grace for errors; here what counts is when it was over.
    const back = cut.map(({ until }) => until - GRACE).filter((over) => over > next.at);
    return Math.max(0, asked - Math.max(next.at, ...back));
  }

  /** Whether edges may have found a keyed session without asking the store, or been told only now what others did then. */
  parted(at: number): boolean {
    return this.#stores().some(({ from, until }) => at >= from && at <= until + PARTED);
  }

  /** Whether the script had taken the store away then, or just before. */
  storeAway(at: number): boolean {
    return this.#stores(false).some(({ from, until }) => at >= from && at <= until + PAUSE);
  }

  /** A move without the store is settled, and told, when its client comes again after the store is back. */
  #settling({ from, until }: Act): number {
    return this.#stores().some((away) => away.from <= until && away.until >= from) ? PARTED : 0;
  }

  #stores(slow = true): Absence[] {
    return this.absences.filter(({ what }) => what === "store" || (slow && what === "slow-store"));
  }

  /**
   * Whether something was done that this break may come from.
   *
   * @param late whether it may have been settled only when its store was back
   */
  justifies(
    { cause, from, sid, at }: Pick<LedgerEntry, "cause" | "from" | "sid" | "at">,
    { late = true } = {},
  ): boolean {
    // Two edges that had to do without the store come together again.
    if (cause === "store-adopt") return this.parted(at);
    return this.acts.some(
      (act) =>
        act.cause === cause &&
        (act.pod === undefined ? act.sid === sid : act.pod === from) &&
        at >= act.from - UNDER_WAY &&
        at <= act.until + (late ? this.#settling(act) : 0),
    );
  }

  /** What an error is put down to: `excused` by a pod that was away, else what else was away, `nothing` when all was well. */
  blame({
    method,
    from,
    until,
    pod = "",
  }: Trouble): "excused" | "machine" | "store or coordinator" | "nothing" {
    const then = this.absences.filter((absence) => absence.from <= until && absence.until >= from);
    const was = (what: Away) => then.some((absence) => absence.what === what);
    const own = then.filter((absence) => pod === "" || absence.pod === undefined || absence.pod === pod);
    const mine = (what: Away) => own.some((absence) => absence.what === what);
    // A GET goes on to another pod when its own refuses; what was sent to a pod that then fell silent is lost either way.
    if (mine("silent-pod") || (mine("pod") && method !== "GET")) return "excused";
    if (was("machine")) return "machine";
    return then.length > 0 && !was("pod") ? "store or coordinator" : "nothing";
  }
}
