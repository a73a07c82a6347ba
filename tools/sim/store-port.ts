import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import type { PodTag } from "../../src/model/pod.ts";
import type { BindingStore, Swap, Swapped } from "../../src/model/ports.ts";
import { relate } from "../../src/sessions/settle.ts";
import type { Dice } from "./dice.ts";
import type { Loop } from "./loop.ts";
import type { Net } from "./net.ts";
import type { Store } from "./store.ts";

/** The parts of a world that a caller of the store goes through. */
export interface StorePath {
  readonly loop: Loop;
  readonly net: Net;
  readonly store: Store;
  readonly dice: Dice;
  /** Tags of pods that a lying store may name. */
  readonly tags: () => readonly PodTag[];
  /** Redis takes several commands for what the embedded store does at once. */
  readonly style: "redis" | "durable";
  /** Deliberately broken: what a caller is made to believe of an answer. */
  readonly believe: (answer: Swapped) => Swapped;
}

/** The store as one caller reaches it. Every method rejects as those of the worker do when the store fails. */
export class StorePort implements BindingStore {
  readonly kind = "simulated";
  readonly #path: StorePath;
  readonly #me: string;
  readonly #alive: () => boolean;

  constructor(path: StorePath, me: string, alive: () => boolean) {
    this.#path = path;
    this.#me = me;
    this.#alive = alive;
  }

  async create(binding: Binding, keep: Retention): Promise<void> {
    const { store } = this.#path;
    const known = await this.#call(
      () => {
        const held = store.get(binding.sid);
        if (held === undefined) store.put(binding, keep.ttl);
        store.index(binding.sid, undefined, binding.pod, keep.expires);
        return held;
      },
      () => undefined,
    );
    if (known === undefined || (known.state === "A" && known.pod === binding.pod)) return;
    await this.index(binding.sid, binding.pod, undefined, keep);
  }

  async renew(binding: Binding, keep: Retention): Promise<"extended" | "repaired" | "ahead"> {
    const { store, style, dice } = this.#path;
    const lie = () => {
      const said = dice.one(["extended", "ahead"] as const);
      if (said === "extended") store.vouch(binding);
      return said;
    };
    if (style === "durable") {
      return this.#call(() => this.#settleRenewal(binding, keep, store.get(binding.sid)), lie);
    }
    const found = await this.#call(() => {
      store.index(binding.sid, undefined, binding.pod, keep.expires);
      return store.extend(binding.sid, keep.ttl);
    }, undefined);
    const relation = relate(found, binding.epoch, binding.pod);
    if (relation === "same") return "extended";
    if (relation === "absent") {
      return this.#call(() => {
        if (store.get(binding.sid) !== undefined) return "ahead";
        store.put(binding, keep.ttl);
        return "repaired";
      }, lie);
    }
    if (relation === "behind") return this.#repair(binding, keep);
    return "ahead";
  }

  swap(swap: Swap, keep: Retention): Promise<Swapped> {
    const { store, dice, tags, believe } = this.#path;
    const lie = (): Swapped => {
      // As much as the checks of the worker's stores let through: an epoch that is not below, a pod that may be.
      const { to, home, epoch, op } = swap;
      const won = op.startsWith("rebind") && dice.odds(0.3);
      const pod = won ? to : dice.one(tags());
      const later = epoch + (won ? 1 : dice.below(3));
      if (won) store.vouch({ sid: swap.sid, epoch: later, pod });
      return won
        ? { verdict: "WON", epoch: later, pod, home, cause: swap.cause, from: swap.pod }
        : { verdict: "ADOPT", epoch: later, pod, home, cause: "", from: pod };
    };
    return this.#call(() => store.swap(swap, keep), lie).then(believe);
  }

  index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, keep: Retention): Promise<void> {
    return this.#call(() => this.#path.store.index(sid, from, to, keep.expires), undefined);
  }

  async release(sid: Sid, pod: PodTag): Promise<void> {
    await this.#call(() => {
      const { store } = this.#path;
      // A revocation stays.
      if (store.get(sid)?.state !== "R") store.delete(sid);
      store.index(sid, pod, undefined, 0);
    }, undefined);
  }

  read(sid: Sid): Promise<Binding | undefined> {
    return this.#call(() => this.#path.store.get(sid), undefined);
  }

  expires(sid: Sid, pod: PodTag): Promise<number | undefined> {
    return this.#call(() => this.#path.store.score(sid, pod), undefined);
  }

  count(pods: readonly PodTag[], now: number): Promise<number[]> {
    return this.#call(() => pods.map((pod) => this.#path.store.members(pod, now).length), undefined);
  }

  list(): Promise<never> {
    return Promise.reject(new Error("nothing in a simulated world lists sessions"));
  }

  #settleRenewal(binding: Binding, keep: Retention, found: Binding | undefined) {
    const { store } = this.#path;
    const relation = relate(found, binding.epoch, binding.pod);
    if (relation !== "same" && relation !== "absent" && relation !== "behind") return "ahead";
    store.put(relation === "same" ? found! : binding, keep.ttl);
    store.index(binding.sid, undefined, binding.pod, keep.expires);
    return relation === "same" ? "extended" : "repaired";
  }

  /** SET … GET until nothing but an own write was replaced: worker/sessions/repair.ts. */
  async #repair(binding: Binding, keep: Retention): Promise<"repaired" | "ahead"> {
    const { store } = this.#path;
    let own: Binding | undefined;
    let holds = binding;
    for (let round = 0; round < 8; round++) {
      const value = holds;
      const old = await this.#call(() => {
        const replaced = store.get(binding.sid);
        store.put(value, keep.ttl);
        return replaced;
      }, undefined);
      const replaced = old === own ? undefined : old;
      const relation = relate(replaced, holds.epoch, holds.pod);
      if (relation === "absent" || relation === "behind" || relation === "same") {
        return holds === binding ? "repaired" : "ahead";
      }
      own = value;
      holds = replaced!;
    }
    throw new Error("a binding changed each time it was repaired");
  }

  /** One trip to the store in the mode that it is in. `lie`: what it says instead; undefined for what is refused. */
  #call<T>(work: () => T, lie: ((truth: T | undefined) => T) | undefined): Promise<T> {
    const { net, store, loop, dice } = this.#path;
    return net.call(this.#me, "store", this.#alive, async () => {
      switch (store.mode) {
        case "up":
          return work();
        case "down":
          throw new Error("the store is down");
        case "silent":
          if (dice.odds(0.5)) work();
          return new Promise<T>(() => undefined);
        case "slow": {
          await loop.sleep(dice.between(20, 300));
          const value = work();
          await loop.sleep(dice.between(0, 300));
          return value;
        }
        case "lying": {
          const truth = dice.odds(0.5) ? work() : undefined;
          if (lie === undefined || dice.odds(0.4)) throw new Error("the store answered what it never may");
          return lie(truth);
        }
      }
    });
  }
}
