import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import type { BindingStore, Swap, Swapped } from "../../src/model/ports.ts";
import { relate, settle } from "../../src/sessions/settle.ts";

/** Bindings in a Map, decided by the real rules; nothing runs out in it, and nothing is indexed. */
export class MemoryStore implements BindingStore {
  readonly kind = "memory";
  readonly bindings = new Map<Sid, Binding>();
  /** Calls that were made, and those of them that wrote. */
  calls = 0;
  writes = 0;

  async create(binding: Binding): Promise<void> {
    this.calls++;
    if (!this.bindings.has(binding.sid)) this.#put(binding);
  }

  async renew(binding: Binding): Promise<"extended" | "repaired" | "ahead"> {
    this.calls++;
    const relation = relate(this.bindings.get(binding.sid), binding.epoch, binding.pod);
    if (relation === "same") return "extended";
    if (relation !== "absent" && relation !== "behind") return "ahead";
    this.#put(binding);
    return "repaired";
  }

  async swap(swap: Swap): Promise<Swapped> {
    this.calls++;
    const { swapped, write } = settle(this.bindings.get(swap.sid), swap);
    if (write !== undefined) this.#put(write);
    return swapped;
  }

  async release(sid: Sid): Promise<void> {
    this.calls++;
    if (this.bindings.get(sid)?.state !== "R") this.bindings.delete(sid);
  }

  async index(_sid: Sid, _from: unknown, _to: unknown, _keep: Retention): Promise<void> {}

  async read(sid: Sid): Promise<Binding | undefined> {
    return this.bindings.get(sid);
  }

  async expires(): Promise<undefined> {}

  async count(pods: readonly unknown[]): Promise<number[]> {
    return pods.map(() => 0);
  }

  async list(): Promise<{ sessions: []; cursor: undefined }> {
    return { sessions: [], cursor: undefined };
  }

  #put(binding: Binding): void {
    this.writes++;
    this.bindings.set(binding.sid, binding);
  }
}
