import { Jar } from "./jar.ts";
import { parseDecision, type SeenDecision } from "./page/parts/decision.js";

/** A change of pod that a shopper went through. */
export interface Move {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** `unexplained` when the pod changed and no decision said so. */
  readonly cause: string;
}

/** What one visit told. */
export interface Visit {
  /** When the request was sent; milliseconds since the epoch. */
  readonly sent: number;
  /** `silent`: the edge could not be reached. */
  readonly edge: "answers" | "silent";
  /** Whether a pod answered with a cart. */
  readonly answered: boolean;
  readonly move: Move | undefined;
}

/** What the shop answers to /cart. */
interface CartAnswer {
  readonly pod: string;
  readonly visitor: string;
  readonly items: readonly string[];
  readonly lost: boolean;
}

const GOODS = ["rope", "lantern", "compass", "buoy", "sail", "tar", "chart", "anchor"];
const VISIT_LIMIT = 5000;

/** A simulated shopper: a cookie jar of its own, a cart, and a memory of the pods it was sent to. */
export class Shopper {
  readonly name: string;
  visitor: string | undefined;
  pod: string | undefined;
  items = 0;
  /** Carts it has lost. */
  lost = 0;
  /** Requests that no pod answered. */
  refused = 0;
  readonly moves: Move[] = [];
  last: SeenDecision | undefined;
  readonly #jar = new Jar();
  /** How many items it is after; then it only looks. */
  readonly #wanted: number;
  #careful = false;
  /** Whether the last answer already said that the cart is lost. */
  #told = false;

  constructor(name: string, wanted: number) {
    this.name = name;
    this.#wanted = wanted;
  }

  /** As it goes with the next request. */
  get cookie(): string | undefined {
    return this.#jar.header();
  }

  /**
   * One request through the edge: puts something into the cart until it holds what the shopper is after, then looks at
   * it. Rejects when `signal` aborts, and when what answers is no shop.
   */
  async visit(edge: string, signal: AbortSignal): Promise<Visit> {
    const sent = Date.now();
    // A POST that fails is not sent again by anyone, as it may have been carried out; the shopper looks first.
    const buys = this.items < this.#wanted && !this.#careful;
    const headers = new Headers();
    const cookie = this.#jar.header();
    if (cookie !== undefined) headers.set("cookie", cookie);
    if (buys) headers.set("content-type", "application/json");
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${edge}/cart`, {
        method: buys ? "POST" : "GET",
        headers,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(VISIT_LIMIT)]),
        ...(buys ? { body: JSON.stringify({ item: GOODS[this.items % GOODS.length] }) } : {}),
      });
      text = await response.text();
    } catch (error) {
      if (signal.aborted) throw error;
      this.#careful = true;
      return { sent, edge: "silent", answered: false, move: undefined };
    }
    this.#jar.take(response.headers.getSetCookie());
    return { sent, edge: "answers", answered: response.ok, move: this.#learn(response, text) };
  }

  #learn(response: Response, text: string): Move | undefined {
    this.last = parseDecision(response.headers.get("mooring-decision"));
    this.#careful = !response.ok;
    if (!response.ok) {
      this.refused += 1;
      return undefined;
    }
    const cart = JSON.parse(text) as CartAnswer;
    this.visitor = cart.visitor;
    this.items = cart.items.length;
    // The shop says so until the next item is bought; it is still one cart.
    if (cart.lost && !this.#told) this.lost += 1;
    this.#told = cart.lost;
    const to = this.last?.pod ?? cart.pod;
    const from = this.pod;
    this.pod = to;
    if (from === undefined || from === to) return undefined;
    const told = this.last?.outcome === "moved" && this.last.cause !== undefined;
    const move = { at: Date.now(), from, to, cause: told ? this.last!.cause! : "unexplained" };
    this.moves.push(move);
    return move;
  }
}
