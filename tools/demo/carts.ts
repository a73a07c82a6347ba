/** One visitor's cart. */
export interface Cart {
  readonly items: string[];
  /** When this process first met the visitor; milliseconds since the epoch. */
  readonly since: number;
}

/** More would not fit the page. */
export const CART_LIMIT = 50;
const VISITOR_LIMIT = 10_000;

/** All carts of one pod. They are in this memory and nowhere else: they end with the process. */
export class Carts {
  readonly #carts = new Map<string, Cart>();

  /** The visitor's cart, begun now if this process does not know the visitor. The longest known gives way. */
  of(secret: string): Cart {
    let cart = this.#carts.get(secret);
    if (cart === undefined) {
      if (this.#carts.size >= VISITOR_LIMIT) this.#carts.delete(this.#carts.keys().next().value!);
      cart = { items: [], since: Date.now() };
      this.#carts.set(secret, cart);
    }
    return cart;
  }
}
