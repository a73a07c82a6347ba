import type { Binding, Cause, Sid } from "../../src/model/binding.ts";
import { type Pod, type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore } from "../../src/model/ports.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { LEEWAY } from "../../src/sessions/expiry.ts";
import { raised } from "../../src/sessions/feed.ts";
import type { Disk } from "./disk.ts";
import type { Loop } from "./loop.ts";

/** Compare-and-sets that are tried while edges move the same session at the same time. */
const TRIES = 4;

/** A pod as the target of a move. */
export type Place = Pick<Pod, "tag" | "id" | "pool">;

interface SessionParts {
  readonly loop: Loop;
  readonly store: BindingStore;
  /** That of now; undefined while the coordinator is down. */
  readonly disk: () => Disk | undefined;
  readonly snapshot: () => Snapshot | undefined;
}

/** worker/coordinator/sessions.ts in virtual time: moves and revocations by an operator. */
export class SimSessions {
  /** What was put on the feed last of each session, and when: true time. */
  readonly announced = new Map<
    Sid,
    { readonly at: number; readonly epoch: number; readonly to: PodTag | undefined }
  >();
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Moves a session to a pod, or revokes it; what became of that. Rejects when the store fails. */
  async change(sid: Sid, cause: Cause, to: Place | undefined): Promise<string> {
    const { store, loop } = this.#parts;
    const disk = this.#parts.disk()!;
    const find = async () => {
      const binding = await store.read(sid);
      return (
        binding &&
        raised(
          binding,
          disk.feed.findLast((entry) => entry.sid === sid),
        )
      );
    };
    let found = await find();
    let won: { readonly epoch: number; readonly from: PodTag } | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      if (found === undefined || found.exp < loop.now || (found.state === "R" && to !== undefined)) {
        return "no such session";
      }
      const told = disk.feed.find((entry) => entry.sid === sid);
      if (found.state === "R" && told !== undefined && told.to !== null) {
        // The edges were told something else since: once more, above that.
        const next = { ...found, epoch: Math.max(found.epoch, told.epoch + 1), cause: "revoked" as const };
        return this.#announce(disk, next, cause, to, found.pod);
      }
      if (found.state === "R" || found.pod === to?.tag) {
        // Perhaps the work of a call whose answer was late: in the store, and on no feed yet.
        const from = won?.epoch === found.epoch ? won.from : undefined;
        return found.cause === cause ? this.#announce(disk, found, cause, to, from) : "it is so already";
      }
      const { epoch, pod, home, exp } = found;
      const op = to === undefined ? ("revoke" as const) : ("rebind" as const);
      const target = { to: to?.tag ?? pod, home: to?.tag ?? home };
      const keep = { ttl: exp - loop.now, expires: exp };
      const answer = await store.swap({ ...found, op, ...target, cause }, keep);
      const { verdict } = answer;
      // worker/sessions/swap.ts lets no such answer pass.
      if ((op === "revoke" || verdict === "WON") && answer.epoch <= epoch) return "the store failed";
      if (verdict === "WON") {
        won = { epoch: answer.epoch, from: pod };
        found = await find();
        if (found === undefined) return "the store failed";
        continue;
      }
      found = { ...found, epoch: answer.epoch, pod: answer.pod, home: answer.home, cause: answer.cause };
      if (op === "revoke") return this.#announce(disk, found, cause, to, pod);
      if (verdict === "REVOKED") return "no such session";
    }
    return "the session is busy";
  }

  /** Feed and ledger in one turn. */
  #announce(
    disk: Disk,
    binding: Binding,
    cause: Cause,
    to: Place | undefined,
    from: PodTag | undefined,
  ): string {
    if (disk !== this.#parts.disk()) return "the coordinator died in between";
    const { sid, epoch, exp } = binding;
    const { now } = this.#parts.loop;
    this.announced.set(sid, { at: now, epoch, to: to?.tag });
    if (disk.feed.some((entry) => entry.sid === sid && entry.epoch >= epoch)) return "it was told before";
    const seq = (disk.feed.at(-1)?.seq ?? 0) + 1;
    disk.feed.push({
      seq,
      sid,
      epoch,
      to: to === undefined ? null : tagToHex(to.tag),
      cause,
      exp: exp + LEEWAY * 1000,
    });
    const left = from === undefined ? undefined : this.#pod(from);
    const pool = (to ?? left)?.pool ?? "";
    disk.ledger.add({ at: now, sid, epoch, pool, from: left?.id ?? "", to: to?.id ?? "", cause });
    return "done";
  }

  #pod(tag: PodTag) {
    return this.#parts
      .snapshot()
      ?.pools.flatMap(({ pods }) => pods)
      .find((pod) => pod.tag === tag);
  }
}
