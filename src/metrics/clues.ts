import type { Tallies } from "../model/beat.ts";
import type { Sid } from "../model/binding.ts";
import { Tally } from "./tally.ts";

/** Different things that are noted between two heartbeats at most, of all kinds: clients can make them up. */
const MOST = 512;

/** What is noted, by the labels that tell it apart. */
export const CLUES = {
  /** One request between two heartbeats: pool, sid. */
  sampled: "sampled",
  /** A client came back after more than a quarter of its idle time: scope, `over` or `within` it, the gap's bucket. */
  gaps: "gaps",
  /** A session began at a new address: scope, and whether its client brought `cookies` or `none`. */
  arrivals: "arrivals",
  /** A look-up by an address: scope, sid, kind of client. */
  agents: "agents",
  /** A compare-and-set of a session that moves: scope, `adopted` or `won`. */
  swaps: "swaps",
  /** A token that was not known: scope, `opened`, or `unknown` where no key of this edge opens it. */
  tokens: "tokens",
  /** A call to the store that a request waited for: `asked`, and `late` beside it when the wait was in vain. */
  waits: "waits",
} as const;

/** The bucket of a gap in seconds: the power of two that is not below it. */
export function bucketOf(seconds: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, seconds))));
}

/**
 * What an isolate notices for checks. Of warm requests one between two heartbeats is taken down, which the others pay for by
 * counting down to it; all else is noted where a token is issued anew or the store is asked.
 */
export class Clues {
  /**
   * Counted down by each request; the one that finds it at 0 is taken down. Drawn anew with each heartbeat from as many as
   * there were since the last: the first of a burst must be no likelier than any other, or who asks for many things at once
   * would look busy.
   */
  next = 0;
  /** What it was with the last heartbeat. */
  #from = 0;
  readonly #word: () => number;
  #tally = new Tally();
  #count = 0;
  readonly #returned = new Set<Sid>();
  #sealed = 0;

  /** @param word 32 random bits */
  constructor(word: () => number) {
    this.#word = word;
  }

  /** This request is the one that is taken down. */
  sample(pool: string, sid: Sid): void {
    this.#add(CLUES.sampled, [pool, sid]);
  }

  /**
   * A client came back to its session, or to what was one. Once for each session between two heartbeats, as a page asks for
   * many things at once.
   *
   * @param gap at most so long since it was seen. Seconds @param over whether that is surely more than its idle time
   */
  returned(scope: string, sid: Sid, gap: number, over: boolean): void {
    if (this.#returned.has(sid) || this.#returned.size >= MOST) return;
    this.#returned.add(sid);
    this.#add(CLUES.gaps, [scope, over ? "over" : "within", String(bucketOf(gap))]);
  }

  /** A session began at an address that the store did not know. */
  arrived(scope: string, cookies: boolean): void {
    this.#add(CLUES.arrivals, [scope, cookies ? "cookies" : "none"]);
  }

  /** The store was asked for the session of an address. @param agent the User-Agent, of which 24 bits are kept */
  agent(scope: string, sid: Sid, agent: string | null): void {
    this.#add(CLUES.agents, [scope, sid, kindOf(agent ?? "")]);
  }

  swapped(scope: string, adopted: boolean): void {
    this.#add(CLUES.swaps, [scope, adopted ? "adopted" : "won"]);
  }

  /** A token was met that this isolate had not opened before. */
  opened(scope: string, known: boolean): void {
    this.#add(CLUES.tokens, [scope, known ? "opened" : "unknown"]);
  }

  sealed(): void {
    this.#sealed++;
  }

  /** Tokens that were sealed since it was asked last. */
  takeSealed(): number {
    const sealed = this.#sealed;
    this.#sealed = 0;
    return sealed;
  }

  /** What was noted, and a new beginning. */
  take(): Tallies {
    const requests = this.#from - this.next;
    // One that was not reached yet is still to come, and the sooner the fewer requests there are by now.
    this.next = this.next < 0 ? Math.floor((this.#word() / 2 ** 32) * requests) : this.next >> 1;
    this.#from = this.next;
    this.#count = 0;
    this.#returned.clear();
    return this.#tally.take();
  }

  #add(clue: string, labels: readonly string[]): void {
    if (this.#count >= MOST) return;
    this.#count++;
    this.#tally.add(clue, labels, 1);
  }
}

/** FNV-1a, folded to 24 bits: tells kinds of client apart, and names none. */
function kindOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash >>> 8) ^ (hash & 0xff)).toString(16);
}
