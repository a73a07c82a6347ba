import type { PodState } from "../../src/health/state.ts";
import type { ConfigRecord, DepartedPod, FeedEntry } from "../../src/model/beat.ts";
import type { Binding } from "../../src/model/binding.ts";
import { tagFromHex, tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { SimLedger } from "./ledger.ts";

/** What an operator told about a pod or a whole pool. */
export interface Order {
  readonly state: PodState;
}

/** What survives a crash. */
export interface Disk {
  incarnation: number;
  record: ConfigRecord | undefined;
  published: number;
  readonly orders: Map<string, Order>;
  readonly pools: Map<string, Order>;
  readonly feed: FeedEntry[];
  readonly ledger: SimLedger;
  /** Of each check of each pod. */
  states: Map<string, string>;
}

/** A failover of the store may have lost what was announced already: what comes next must come after that. */
export function raised(found: Binding | undefined, feed: readonly FeedEntry[]): Binding | undefined {
  const said = found === undefined ? undefined : feed.findLast(({ sid }) => sid === found.sid);
  if (found === undefined || said === undefined || said.epoch <= found.epoch) return found;
  const { epoch, to, cause } = said;
  if (to === null) return { ...found, epoch, state: "R", cause };
  return { ...found, epoch, pod: tagFromHex(to), home: tagFromHex(to), cause };
}

/** Orders after which a pod keeps nothing; the first that stands gives the cause. */
const FINAL: readonly PodState[] = ["disabled", "rolled-back", "retired", "drained"];

/** Of keyed sids. */
export const SALT = "00112233445566778899aabbccddeeff";

export function blank(): Disk {
  const maps = { orders: new Map(), pools: new Map(), states: new Map() };
  return { incarnation: 0, record: undefined, published: -1, feed: [], ledger: new SimLedger(), ...maps };
}

/** What operators said over what probes say: worker/coordinator/operator.ts. */
export function ordered(disk: Disk, pool: string, tag: string, probed: PodState): PodState {
  const orders = [disk.orders.get(tag)?.state, disk.pools.get(pool)?.state];
  const final = FINAL.find((state) => orders.includes(state));
  if (final !== undefined) return final;
  return probed === "down" ? probed : (orders[0] ?? orders[1] ?? probed);
}

/** The pods that tokens may name though they have left the config. */
export function departedAfter(
  departed: readonly DepartedPod[],
  before: Snapshot | undefined,
  present: ReadonlySet<string>,
): DepartedPod[] {
  const gone = departed.filter(({ tag }) => !present.has(tag));
  for (const { tag, pool, id } of before?.pools.flatMap(({ pods }) => pods) ?? []) {
    const hex = tagToHex(tag);
    if (!present.has(hex) && !gone.some((pod) => pod.tag === hex)) gone.push({ tag: hex, pool, id });
  }
  return gone;
}
