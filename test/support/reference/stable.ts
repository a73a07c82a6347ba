import { fmix, murmur3 } from "./hash.ts";

interface Weighted {
  readonly id: string;
  readonly weight: number;
}

/** One pod's clock for every slot, as the table's definition has it, in plain numbers. */
class Clock {
  readonly time: Float32Array;
  readonly #second: number;

  constructor({ id, weight }: Weighted, bits: number, ladder: Float32Array) {
    const mask = 2 ** bits - 1;
    const first = murmur3(id, 0n);
    const second = murmur3(id, 0x9747b28cn);
    const [a, b, c] = [first, fmix(first + 0x9e3779b9n) | 1n, fmix(second + 0x7f4a7c15n) | 1n].map(Number);
    const half = Math.ceil(bits / 2);
    const share = Math.fround(1 / weight);
    this.#second = Number(second);
    this.time = Float32Array.from({ length: 2 ** bits }, (_, slot) => {
      let x = Math.imul(slot ^ (a! & mask), b!) & mask;
      x ^= x >>> half;
      return ladder[Math.imul(x, c!) & mask]! * share;
    });
  }

  tie(slot: number): number {
    return (this.#second ^ Math.imul(slot, 0x9e3779b1)) >>> 0;
  }
}

/**
 * What is wrong with a table of a size at which its definition cannot be followed pair by pair: a pod above its quota, or a
 * slot and a pod that would both rather have each other than what they have. Without these it is the one stable matching,
 * which is what the definition yields. For each slot a pod, by its place among `pods`, sorted by id.
 */
export function unstable(pods: readonly Weighted[], owners: ArrayLike<number>, bits: number): string[] {
  const slots = 2 ** bits;
  const ladder = new Float32Array(slots);
  let sum = 0;
  for (let r = 0; r < slots; r++) {
    sum += 1 / (slots - r);
    ladder[r] = sum;
  }
  const clocks = pods.map((pod) => new Clock(pod, bits, ladder));
  /** Whether pair (pod, slot) comes before (other, elsewhere). */
  const before = (pod: number, slot: number, other: number, elsewhere: number): boolean => {
    const [one, two] = [clocks[pod]!, clocks[other]!];
    const time = one.time[slot]! - two.time[elsewhere]!;
    if (time !== 0) return time < 0;
    const tie = one.tie(slot) - two.tie(elsewhere);
    if (tie !== 0) return tie < 0;
    return pod === other ? slot < elsewhere : pod < other;
  };
  const total = pods.reduce((all, { weight }) => all + BigInt(weight), 0n);
  const held = pods.map(() => 0);
  const worst = pods.map(() => -1);
  for (let slot = 0; slot < slots; slot++) {
    const pod = owners[slot]!;
    held[pod]!++;
    if (worst[pod] === -1 || before(pod, worst[pod]!, pod, slot)) worst[pod] = slot;
  }
  const wrong: string[] = [];
  for (let pod = 0; pod < pods.length; pod++) {
    const quota = (11n * BigInt(slots) * BigInt(pods[pod]!.weight) + 10n * total - 1n) / (10n * total);
    if (held[pod]! > quota) wrong.push(`${pods[pod]!.id} holds ${held[pod]} of ${quota}`);
    const full = held[pod]! >= quota;
    for (let slot = 0; slot < slots; slot++) {
      if (owners[slot] === pod || !before(pod, slot, owners[slot]!, slot)) continue;
      if (!full || before(pod, slot, pod, worst[pod]!)) wrong.push(`slot ${slot} and ${pods[pod]!.id}`);
    }
  }
  return wrong;
}
