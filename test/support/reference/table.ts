import { fmix, murmur3, wyhash32 } from "./hash.ts";

/** A pod of the reference. */
export interface ReferencePod {
  readonly id: string;
  readonly weight: number;
}

interface Pair {
  readonly pod: number;
  readonly slot: number;
  readonly time: number;
  readonly tie: number;
}

/** The table by its definition: all pairs of pod and slot, sorted, taken in order. For small tables. */
export class ReferenceTable {
  /** Pods of positive weight by the bytes of their ids. */
  readonly pods: readonly ReferencePod[];
  /** An index into `pods` for each slot. */
  readonly owners: readonly number[];
  readonly quotas: readonly number[];
  readonly bits: number;
  /** Of each slot, all pairs in order. */
  readonly #preferences: readonly (readonly Pair[])[];

  constructor(pods: readonly ReferencePod[], bits: number) {
    this.bits = bits;
    this.pods = pods
      .filter((pod) => pod.weight > 0)
      .sort((a, b) => Buffer.compare(Buffer.from(a.id, "utf8"), Buffer.from(b.id, "utf8")));
    const slots = 2 ** bits;
    const pairs = this.pods.flatMap((pod, index) => pairsOf(pod, index, bits)).sort(inOrder);
    const total = this.pods.reduce((sum, pod) => sum + BigInt(pod.weight), 0n);
    this.quotas = this.pods.map(({ weight }) => {
      const share = 11n * BigInt(slots) * BigInt(weight);
      const whole = share / (10n * total);
      return Number(whole) + (share % (10n * total) > 0n ? 1 : 0);
    });
    const owners = new Array<number>(slots).fill(-1);
    const held = this.pods.map(() => 0);
    const preferences: Pair[][] = Array.from({ length: slots }, () => []);
    for (const pair of pairs) {
      preferences[pair.slot]!.push(pair);
      if (owners[pair.slot] !== -1 || held[pair.pod]! >= this.quotas[pair.pod]!) continue;
      owners[pair.slot] = pair.pod;
      held[pair.pod]!++;
    }
    this.owners = owners;
    this.#preferences = preferences;
  }

  slotOf(key: string): number {
    return Math.floor(wyhash32(key) / 2 ** (32 - this.bits));
  }

  /** The second hash of a pod's id. */
  second(id: string): number {
    return Number(murmur3(id, 0x9747b28cn));
  }

  /** Step 1 of the overlay: the owner, or the slot's next preference that is not out. */
  lookup(key: string, out: ReadonlySet<string>): string | undefined {
    const slot = this.slotOf(key);
    const owner = this.pods[this.owners[slot]!]?.id;
    return owner !== undefined && !out.has(owner) ? owner : this.firstChoice(slot, out);
  }

  /** The slot's best pod that is not out, whatever the quotas. */
  firstChoice(slot: number, out: ReadonlySet<string>): string | undefined {
    const pair = this.#preferences[slot]!.find(({ pod }) => !out.has(this.pods[pod]!.id));
    return pair && this.pods[pair.pod]!.id;
  }
}

function inOrder(a: Pair, b: Pair): number {
  return a.time - b.time || a.tie - b.tie || a.pod - b.pod || a.slot - b.slot;
}

function pairsOf(pod: ReferencePod, index: number, bits: number): Pair[] {
  const slots = 2 ** bits;
  const first = murmur3(pod.id, 0n);
  const second = murmur3(pod.id, 0x9747b28cn);
  const a = first % BigInt(slots);
  const b = fmix(first + 0x9e3779b9n) | 1n;
  const c = fmix(second + 0x7f4a7c15n) | 1n;
  const half = BigInt(Math.ceil(bits / 2));
  const share = Math.fround(1 / pod.weight);
  const expected: number[] = [];
  let sum = 0;
  for (let r = 0; r < slots; r++) {
    sum += 1 / (slots - r);
    expected.push(Math.fround(sum));
  }
  return Array.from({ length: slots }, (_, slot) => {
    let x = ((BigInt(slot) ^ a) * b) % BigInt(slots);
    x ^= x >> half;
    const rank = Number((x * c) % BigInt(slots));
    const tie = Number(second ^ ((BigInt(slot) * 0x9e3779b1n) % 2n ** 32n));
    return { pod: index, slot, time: Math.fround(expected[rank]! * share), tie };
  });
}
