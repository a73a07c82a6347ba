import { xx64 } from "./xxhash.ts";

// Envoy's ring and its Maglev table once more, slow and plain, as its sources count: what the core is compared with.

interface Host {
  readonly address: string;
  readonly weight: number;
}

/** xxHash64 of a text's UTF-8 bytes; test/core/xxhash.test.ts holds it to figures of others. */
export function hashOf(text: string, seed = 0n): bigint {
  return xx64(new TextEncoder().encode(text), seed);
}

/** Several hash policies of a route, by their values (HashPolicyImpl::generateHash). */
export function hashOfAll(values: readonly string[]): bigint {
  return values.reduce((hash, value) => BigInt.asUintN(64, (hash << 1n) | (hash >> 63n)) ^ hashOf(value), 0n);
}

function heavy(hosts: readonly Host[]): { address: string; index: number; weight: number }[] {
  const sum = hosts.reduce((all, { weight }) => all + weight, 0);
  return hosts
    .map(({ address, weight }, index) => ({ address, index, weight: weight / sum }))
    .filter(({ weight }) => weight > 0);
}

/** The points of Envoy's ring, in order: hash and place of the host. */
export function referenceRing(hosts: readonly Host[], minimum: number, maximum = 8_388_608) {
  const all = heavy(hosts);
  const least = Math.min(...all.map(({ weight }) => weight));
  const scale = Math.min(Math.ceil(least * minimum) / least, maximum);
  const ring: { hash: bigint; pod: number }[] = [];
  let current = 0;
  let target = 0;
  for (const { address, index, weight } of all) {
    target += scale * weight;
    for (let i = 0; current < target; i++, current++)
      ring.push({ hash: hashOf(`${address}_${i}`), pod: index });
  }
  return ring.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
}

/** The slots of Envoy's Maglev table: places of hosts. */
export function referenceMaglev(hosts: readonly Host[], size: number): number[] {
  const seats = heavy(hosts).map(({ address, index, weight }) => ({
    index,
    weight,
    offset: hashOf(address) % BigInt(size),
    skip: (hashOf(address, 1n) % BigInt(size - 1)) + 1n,
    next: 0n,
    target: 0,
  }));
  const most = Math.max(...seats.map(({ weight }) => weight));
  const table: number[] = new Array(size).fill(-1);
  let filled = 0;
  for (let round = 1; filled < size; round++) {
    for (const seat of seats) {
      if (filled === size) break;
      if (round * seat.weight < seat.target) continue;
      seat.target += most;
      const slot = () => Number((seat.offset + seat.skip * seat.next) % BigInt(size));
      while (table[slot()] !== -1) seat.next++;
      table[slot()] = seat.index;
      seat.next++;
      filled++;
    }
  }
  return table;
}

/** The first of some owners, from a place on step by step, that is not out; -1 when all are. */
export function firstFrom(
  owners: readonly number[],
  from: number,
  step: number,
  out: ReadonlySet<number>,
): number {
  const turned = owners.map((_, i) => owners[(from + i * step) % owners.length]!);
  return turned.find((owner) => !out.has(owner)) ?? -1;
}
