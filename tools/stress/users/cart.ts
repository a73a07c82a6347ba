import type { User } from "../user.ts";
import type { Habit } from "./habit.ts";

/** Of the actions, that put something into the cart. */
const BUYS = 0.3;

interface Cart {
  readonly pod: string;
  readonly boot: string;
  readonly items: readonly string[];
}

/** Looks into a cart and fills it: the pod holds it in its memory, and must have all that it took. */
export function cart(user: User): Habit {
  const taken = new Set<string>();
  let place = "";
  let bought = 0;
  return {
    async act(due) {
      const item = `${user.name}-${++bought}`;
      const buys = user.chance() < BUYS;
      const since = user.seen;
      const said = buys
        ? await user.ask(`/cart?item=${item}`, { method: "POST", due })
        : await user.ask("/cart", { due });
      if (said === undefined) return;
      const { pod, boot, items } = JSON.parse(said.body) as Cart;
      user.answeredBy(pod, said.from);
      const here = `${pod} ${boot}`;
      if (here !== place) {
        // What was in it went with the process that held it.
        if (taken.size > 0) {
          const [lost = ""] = place.split(" ");
          user.recorder.interrupted({ what: "cart", user: user.name, pod: lost, since, at: Date.now() });
        }
        taken.clear();
        place = here;
      }
      const has = new Set(items);
      for (const one of taken)
        if (!has.has(one)) user.recorder.robbed(`${user.name} misses ${one} at ${here}`);
      if (buys) taken.add(item);
    },
  };
}
