import { ordered } from "../../src/health/orders.ts";
import type { PodState } from "../../src/health/state.ts";
import type { Pod } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** What an operator may say of one pod; `ready` takes it back. */
export type PodOrder = "draining" | "drained" | "disabled";
/** What canary control may say of all pods of a pool. */
export type PoolOrder = "paused" | "rolled-back" | "retiring" | "retired";

/** An order that stands until another takes its place. Times in milliseconds since the epoch. */
export interface Order {
  readonly state: PodOrder | PoolOrder;
  /** When draining ends as drained, or retiring as retired. */
  readonly deadline: number | undefined;
  readonly since: number;
  readonly who: string;
}

/** An order whose deadline has passed, and what it became. */
export interface Due {
  /** A pod's tag in 12 hex digits, or `pool/` and the name of a pool. */
  readonly subject: string;
  readonly order: Order;
}

/** What becomes of an order at its deadline. */
const THEN: Partial<Record<Order["state"], Order["state"]>> = { draining: "drained", retiring: "retired" };

type Row = {
  subject: string;
  state: Order["state"];
  deadline: number | null;
  since: number;
  who: string;
};

const POOL = "pool/";

/** A pool as the subject of an order; a pod is named by the 12 hex digits of its tag. */
export function poolSubject(pool: string): string {
  return POOL + pool;
}

/** What a subject is the name of; of a whole pool the pod is empty. @param pods by their tags, those of the config */
export function podOrPool(
  subject: string,
  pods: ReadonlyMap<string, Pick<Pod, "pool" | "id">>,
): { readonly pool: string; readonly pod: string } {
  if (subject.startsWith(POOL)) return { pool: subject.slice(POOL.length), pod: "" };
  const found = pods.get(subject);
  return { pool: found?.pool ?? "", pod: found?.id ?? subject };
}

/** What operators have said of pods and pools: beside the config, on the same disk, and in no revision of it. */
export class Operator {
  readonly #sql: SqlStorage;
  readonly #passed: (due: Due) => void;
  readonly #orders = new Map<string, Order>();

  /** @param passed is told of each order whose deadline has passed */
  constructor(sql: SqlStorage, passed: (due: Due) => void = () => undefined) {
    this.#sql = sql;
    this.#passed = passed;
    const rows = sql.exec<Row>("SELECT subject, state, deadline, since, who FROM operator");
    for (const { subject, deadline, ...rest } of rows.toArray()) {
      this.#orders.set(subject, { ...rest, deadline: deadline ?? undefined });
    }
  }

  of(subject: string): Order | undefined {
    return this.#orders.get(subject);
  }

  set(subject: string, order: Order): void {
    const { state, deadline, since, who } = order;
    this.#sql.exec(
      "INSERT OR REPLACE INTO operator (subject, state, deadline, since, who) VALUES (?, ?, ?, ?, ?)",
      subject,
      state,
      deadline ?? null,
      since,
      who,
    );
    this.#orders.set(subject, order);
  }

  lift(subject: string): void {
    this.#sql.exec("DELETE FROM operator WHERE subject = ?", subject);
    this.#orders.delete(subject);
  }

  /** When the next deadline passes; undefined when none is set. */
  next(): number | undefined {
    let next: number | undefined;
    for (const { state, deadline } of this.#orders.values()) {
      if (deadline === undefined || THEN[state] === undefined) continue;
      if (next === undefined || deadline < next) next = deadline;
    }
    return next;
  }

  /** Ends what is over. Asked twice, or late after a restart, it comes to the same. */
  flip(now: number): Due[] {
    const due: Due[] = [];
    for (const [subject, order] of this.#orders) {
      const state = THEN[order.state];
      if (state === undefined || order.deadline === undefined || order.deadline > now) continue;
      // A deadline that was over when the order was given ends it then, not before.
      const over = { ...order, state, since: Math.max(order.since, order.deadline) };
      this.set(subject, over);
      due.push({ subject, order: over });
      this.#passed({ subject, order: over });
    }
    return due;
  }

  /** Forgets orders about pods and pools that are neither in the config nor remembered as departed. */
  forget(known: ReadonlySet<string>): void {
    for (const subject of [...this.#orders.keys()]) if (!known.has(subject)) this.lift(subject);
  }

  /** The state of a pod in the shared view: what its operator and its pool's say, with what the probes say. */
  state(pool: string, tag: string, probed: PodState): PodState {
    if (this.#orders.size === 0) return probed;
    return ordered(this.of(tag)?.state, this.of(poolSubject(pool))?.state, probed);
  }
}

/** Subjects of all pods and pools of a config. */
export function subjectsOf(snapshot: Snapshot, hex: (tag: number) => string): Set<string> {
  const subjects = new Set<string>();
  for (const pool of snapshot.pools) {
    subjects.add(poolSubject(pool.name));
    for (const pod of pool.pods) subjects.add(hex(pod.tag));
  }
  return subjects;
}
