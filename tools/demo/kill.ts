import { count } from "./page/parts/words.js";

/** What a kill did, as the page shows it. Counts of shoppers are of the simulated ones. */
export interface KillView {
  readonly pod: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Carts that were in the pod's memory, those of people included. */
  readonly carts: number;
  /** Those of people. */
  readonly people: number;
  readonly shoppers: number;
  readonly movedOnce: number;
  readonly movedTwice: number;
  readonly othersMoved: number;
  readonly othersNotMoved: number;
  /** Shoppers of the pod who were answered by it again: it was revived before they had to move. */
  readonly stayed: number;
  /** Shoppers of the pod who have not been answered since. */
  readonly waiting: number;
  readonly sentence: string;
}

/** The kill of one pod, and what became of every shopper since. Shoppers are known by name. */
export class Kill {
  readonly pod: string;
  readonly at: number;
  carts = 0;
  people = 0;
  readonly #holders: Set<string>;
  readonly #others: Set<string>;
  readonly #stayed = new Set<string>();
  readonly #moves = new Map<string, number>();

  /** `holders`: who was on the pod; `others`: everybody else. */
  constructor(pod: string, at: number, holders: Iterable<string>, others: Iterable<string>) {
    this.pod = pod;
    this.at = at;
    this.#holders = new Set(holders);
    this.#others = new Set(others);
  }

  /** An answer that the pod gave before it was killed came in only after: the shopper was on it all the same. */
  hold(shopper: string): void {
    if (this.#others.delete(shopper)) this.#holders.add(shopper);
  }

  /** The pod has answered the shopper, and the request was sent after the kill. */
  stay(shopper: string): void {
    if (this.#holders.has(shopper) && !this.#moves.has(shopper)) this.#stayed.add(shopper);
  }

  /** Whether a move away from this pod is the one that the kill made necessary. */
  explains(shopper: string, from: string): boolean {
    return (
      from === this.pod &&
      this.#holders.has(shopper) &&
      !this.#stayed.has(shopper) &&
      !this.#moves.has(shopper)
    );
  }

  /** Counts a move that came after this kill. */
  note(shopper: string): void {
    this.#moves.set(shopper, (this.#moves.get(shopper) ?? 0) + 1);
  }

  view(): KillView {
    const moves = (shopper: string) => this.#moves.get(shopper) ?? 0;
    const holders = [...this.#holders];
    const others = [...this.#others];
    const counts = {
      pod: this.pod,
      at: this.at,
      carts: this.carts,
      people: this.people,
      shoppers: holders.length,
      movedOnce: holders.filter((shopper) => moves(shopper) === 1).length,
      movedTwice: [...holders, ...others].filter((shopper) => moves(shopper) > 1).length,
      othersMoved: others.filter((shopper) => moves(shopper) > 0).length,
      othersNotMoved: others.filter((shopper) => moves(shopper) === 0).length,
      stayed: holders.filter((shopper) => moves(shopper) === 0 && this.#stayed.has(shopper)).length,
      waiting: holders.filter((shopper) => moves(shopper) === 0 && !this.#stayed.has(shopper)).length,
    };
    return { ...counts, sentence: sentence(counts) };
  }
}

function sentence(kill: Omit<KillView, "sentence">): string {
  const people = kill.people === 0 ? "" : ` (${kill.people} of them a person's)`;
  const parts = [
    `${count(kill.carts, "cart")} lost${people}`,
    `${count(kill.movedOnce, "shopper")} moved once`,
  ];
  if (kill.stayed > 0) parts.push(`${kill.stayed} back on ${kill.pod} once it was revived`);
  if (kill.waiting > 0) parts.push(`${kill.waiting} not back yet`);
  if (kill.othersMoved > 0)
    parts.push(`${kill.othersMoved} ${kill.othersMoved === 1 ? "other" : "others"} moved`);
  parts.push(`${kill.othersNotMoved} ${kill.othersNotMoved === 1 ? "other" : "others"} not moved`);
  parts.push(`${kill.movedTwice} moved twice`);
  return `${kill.pod} was killed: ${parts.join(", ")}.`;
}

/** The kill that a move is counted to: the one that made it necessary, else the latest; undefined before any. */
export function killBehind(kills: readonly Kill[], shopper: string, from: string): Kill | undefined {
  return kills.findLast((kill) => kill.explains(shopper, from)) ?? kills.at(-1);
}
