import type { Break } from "../../src/model/beat.ts";
import type { Sid } from "../../src/model/binding.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import { brief } from "./watch.ts";
import type { World } from "./world.ts";

/** Each break once, with one cause, and no break that did not happen. */
export function ledgerAdds(world: World): void {
  const { watch, coordinator } = world;
  const { ledger } = coordinator;
  const { entries } = ledger;
  const alive = new Set(world.isolates.map((isolate) => isolate?.name));
  for (const { first, told } of entries.values()) {
    const { sid, epoch, to, cause } = first;
    const name = `${brief(sid)} at epoch ${epoch}`;
    if (to === "") continue;
    const moves = watch.moves.filter(
      (move) => move.sid === sid && (move.epoch === epoch || move.epoch === undefined),
    );
    const known = watch.epochs.get(sid)?.get(epoch);
    if (first.from === to && !replaced(world, to))
      watch.fail("ledger", `it has a break of ${name} (${cause}) from ${to} to ${to}`);
    // Both sides of a split say the same here.
    const failed = told.find((entry) => entry.cause === "pod-gone" || entry.cause === "pod-unhealthy");
    if (failed !== undefined && world.plan.pools[0]!.failover === "none")
      watch.fail("I1", `${name} left ${first.from} (${failed.cause}), for which its pool says to wait`);
    if (isHeard(world, sid)) asWon(world, first, told);
    if (world.plan.affinity !== "cookie") continue;
    // What a store that lies says was moved on from may be told of as well.
    const passed = world.lied && (ledger.hasMove(sid, epoch + 1) || told.every((one) => one.passed));
    if (known === undefined && !watch.untold.has(sid) && !passed) {
      watch.fail("ledger", `it has a break of ${name} (${cause}), an epoch that never was`);
    }
    if (
      watch.operated.has(sid) ||
      world.store.lost.has(sid) ||
      world.lied ||
      moves.some(({ provisional }) => provisional)
    )
      continue;
    const causes = new Set(told.map((entry) => entry.cause));
    if (causes.size > 1) watch.fail("ledger", `it was told ${[...causes].join(" and ")} of ${name}`);
  }
  if (coordinator.reborn > 0) return;
  for (const { sid, since, epoch, isolate, to } of watch.moves) {
    if (epoch === undefined || !alive.has(isolate)) continue;
    // What was made without the store is told as that, under an epoch of its own.
    const has = (at: number) => ledger.hasMove(sid, at);
    // An operator moved it there, an edge on from there and, as that pod was dead, back: one move, under its first epoch.
    let told = has(epoch);
    for (let at = since + 1; at < epoch && !told; at++)
      told = watch.epochs.get(sid)?.get(at)?.has(to) === true && has(at);
    if (!told) {
      watch.fail(
        "ledger",
        `it has no break of ${brief(sid)} at epoch ${epoch}, to ${tagToHex(to).slice(0, 6)}`,
      );
    }
  }
}

/**
 * What is listed of a move that the store let someone make is what the store has of it: why, and from where. What came by a
 * pod that never answered, and that nobody tells of, left the one before, for the reason that it had there. An empty `from` says no more than is known. Edges that had to do without it number their own.
 */
function asWon(world: World, { sid, epoch, from, to, cause }: Break, told: readonly Break[]): void {
  const { watch, coordinator } = world;
  const name = `${brief(sid)} at epoch ${epoch}`;
  const won = watch.wonAt(sid, epoch).filter((swap) => idOf(world, swap.to) === to);
  if (won.length === 0 || cause === "store-adopt") return;
  const other = told.find((one) => won.every((swap) => swap.cause !== one.cause));
  if (other !== undefined) {
    watch.fail("ledger", `it was told ${other.cause} of ${name}, and the store ${won[0]!.cause}`);
  }
  const ways = won.map(({ pod, cause: why }) => ({ left: idOf(world, pod), why }));
  for (let at = epoch - 1; coordinator.ledger.movedAt(sid, at) === undefined; at--) {
    const before = watch.wonAt(sid, at);
    if (before.length === 0) break;
    ways.push(...before.map(({ pod, cause: why }) => ({ left: idOf(world, pod), why })));
  }
  const isSo = ways.some(({ left, why }) => left === undefined || (left === from && why === cause));
  if (from === "" || isSo) return;
  const [last] = ways;
  const text = `it has ${name} leave ${from} (${cause}), and it left ${last!.left} (${last!.why})`;
  watch.fail("ledger", text);
}

/** Whether every answer of the store is in time, and so. */
function isHeard({ plan, lied, store }: World, sid: Sid): boolean {
  const { quality, events } = plan;
  if (lied || store.lost.has(sid) || quality.loss > 0) return false;
  return events.every(
    (event) => event.kind !== "store" && !(event.kind === "cut" && [event.a, event.b].includes("store")),
  );
}

/** The id of a pod of this tag, as any edge has it. */
function idOf({ isolates }: World, tag: PodTag): string | undefined {
  for (const isolate of isolates) {
    const view = isolate?.views.current;
    const pod = view?.pools.flatMap(({ pods }) => pods).find((one) => one.pod.tag === tag);
    const id = pod?.pod.id ?? view?.departed.get(tag)?.id;
    if (id !== undefined) return id;
  }
  return undefined;
}

/** Whether another pod of the same id ever took its place. */
function replaced(world: World, id: string): boolean {
  for (const { key } of world.pods.all()) if (key.includes(`/${id}/`) && !key.endsWith("/0")) return true;
  return false;
}
