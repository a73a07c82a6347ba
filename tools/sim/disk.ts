import type { PodState } from "../../src/health/state.ts";
import type { ConfigRecord, DepartedPod, FeedEntry } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
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
  /** That an operator gave to pods, by tag. */
  readonly podWeights: Map<string, number>;
  readonly feed: FeedEntry[];
  readonly ledger: SimLedger;
  /** Of each check of each pod. */
  states: Map<string, string>;
}

/** Of keyed sids. */
export const SALT = "00112233445566778899aabbccddeeff";

export function blank(): Disk {
  const maps = { orders: new Map(), pools: new Map(), podWeights: new Map(), states: new Map() };
  return { incarnation: 0, record: undefined, published: -1, feed: [], ledger: new SimLedger(), ...maps };
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
