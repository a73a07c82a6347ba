import { aligned, CRC, KEY, NOBODY } from "./layout";

// The ring of ketama as nginx has it, and lua-resty-balancer and ingress-nginx after it: a pod of weight w has 160·w points,
// each the CRC-32 of its id followed by the four bytes of its last point (little-endian, 0 before the first). A key goes to
// the first point that is not below its CRC-32, past the last one to the first.
//
// A ring: a head, points in order (u32), where the points of each bucket begin (u32: a bucket is the hashes of equal upper
// bits, and holds two to four points), three lanes of the pods (u32 each: the CRC that its points continue, its points,
// whether it is out), owners of the points (u16).
const HEAD_POINTS: usize = 0;
const HEAD_PODS: usize = HEAD_POINTS + 4;
const HEAD_BITS: usize = HEAD_PODS + 4;
const HASHES: usize = 16;

/** Buckets of a ring, as a power of two. */
function bitsFor(points: u32): u32 {
  return max<u32>(1, 30 - clz<u32>(points | 2));
}

// Where each bucket begins, and two entries more, which the counting needs.
// @ts-ignore: decorator
@inline function bucketsBytes(bits: u32): usize {
  return (<usize>4 << bits) + 8;
}

/** Bytes of a ring. */
export function ringBytes(points: u32, pods: u32): usize {
  return aligned(HASHES + <usize>points * 6 + bucketsBytes(bitsFor(points)) + <usize>pods * 12);
}

// @ts-ignore: decorator
@inline function pointsOf(ring: usize): u32 {
  return load<u32>(ring, HEAD_POINTS);
}
// @ts-ignore: decorator
@inline function podsOf(ring: usize): u32 {
  return load<u32>(ring, HEAD_PODS);
}
// @ts-ignore: decorator
@inline function bucketsOf(ring: usize): usize {
  return ring + HASHES + (<usize>pointsOf(ring) << 2);
}
// @ts-ignore: decorator
@inline function basesOf(ring: usize): usize {
  return bucketsOf(ring) + bucketsBytes(load<u32>(ring, HEAD_BITS));
}
// @ts-ignore: decorator
@inline function sharesOf(ring: usize): usize {
  return basesOf(ring) + (<usize>podsOf(ring) << 2);
}
/** Whether each pod is out, u32: anything but 0 is. */
export function outsOf(ring: usize): usize {
  return sharesOf(ring) + (<usize>podsOf(ring) << 2);
}
// @ts-ignore: decorator
@inline function ownersOf(ring: usize): usize {
  return outsOf(ring) + (<usize>podsOf(ring) << 2);
}

/** Four tables of CRC-32 (IEEE 802.3), so that four bytes cost one step. */
function layCrc(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & (0 - (crc & 1)));
    store<u32>(CRC + (<usize>byte << 2), crc);
  }
  for (let at: usize = CRC + 1024; at < CRC + 4096; at += 4) {
    const before = load<u32>(at - 1024);
    store<u32>(at, (before >>> 8) ^ load<u32>(CRC + (<usize>(before & 255) << 2)));
  }
}

// @ts-ignore: decorator
@inline function step(crc: u32, word: u32): u32 {
  const x = crc ^ word;
  return (
    load<u32>(CRC + (<usize>(x & 255) << 2), 3072) ^
    load<u32>(CRC + (<usize>((x >>> 8) & 255) << 2), 2048) ^
    load<u32>(CRC + (<usize>((x >>> 16) & 255) << 2), 1024) ^
    load<u32>(CRC + (<usize>(x >>> 24) << 2))
  );
}

function unfinished(length: u32): u32 {
  // Its second entry is no 0.
  if (load<u32>(CRC, 4) == 0) layCrc();
  let crc: u32 = 0xffffffff;
  let at: usize = KEY;
  for (const end = KEY + (length & ~3); at < end; at += 4) crc = step(crc, load<u32>(at));
  for (const end: usize = KEY + length; at < end; at++) {
    crc = (crc >>> 8) ^ load<u32>(CRC + (<usize>((crc ^ load<u8>(at)) & 255) << 2));
  }
  return crc;
}

/** CRC-32 of the first bytes of the key buffer. */
export function crc32(length: u32): u32 {
  return ~unfinished(length);
}

/** Makes a ring of so many points in all; then each pod is to be seated. */
export function openRing(ring: usize, points: u32, pods: u32): void {
  memory.fill(ring, 0, ringBytes(points, pods));
  store<u32>(ring, points, HEAD_POINTS);
  store<u32>(ring, pods, HEAD_PODS);
  store<u32>(ring, bitsFor(points), HEAD_BITS);
}

/** Seats a pod, whose id lies in the key buffer. */
export function seatPoints(ring: usize, index: u32, length: u32, points: u32): void {
  store<u32>(basesOf(ring) + (<usize>index << 2), unfinished(length));
  store<u32>(sharesOf(ring) + (<usize>index << 2), points);
}

/**
 * Puts the points of all pods in order: counted into buckets, then put there, then sorted within. Of points that are equal
 * the pod that was seated first comes first; in nginx the order of those is left to chance.
 */
export function buildRing(ring: usize): void {
  const buckets = bucketsOf(ring);
  const bits = load<u32>(ring, HEAD_BITS);
  const hashes = ring + HASHES;
  const owners = ownersOf(ring);
  // The start of bucket b is counted two places further on, so that putting moves it to its own place.
  const shift = 32 - bits;
  for (let pod: u32 = 0; pod < podsOf(ring); pod++) {
    const base = load<u32>(basesOf(ring) + (<usize>pod << 2));
    let point: u32 = 0;
    for (let left = load<u32>(sharesOf(ring) + (<usize>pod << 2)); left > 0; left--) {
      point = ~step(base, point);
      const at = buckets + (<usize>(point >>> shift) << 2);
      store<u32>(at, load<u32>(at, 8) + 1, 8);
    }
  }
  const last = buckets + (<usize>4 << bits);
  for (let at = buckets + 4; at <= last; at += 4) store<u32>(at, load<u32>(at) + load<u32>(at, 4), 4);
  for (let pod: u32 = 0; pod < podsOf(ring); pod++) {
    const base = load<u32>(basesOf(ring) + (<usize>pod << 2));
    let point: u32 = 0;
    for (let left = load<u32>(sharesOf(ring) + (<usize>pod << 2)); left > 0; left--) {
      point = ~step(base, point);
      const at = buckets + (<usize>(point >>> shift) << 2);
      let spot: usize = load<u32>(at, 4);
      store<u32>(at, <u32>spot + 1, 4);
      // Below are points of lower buckets, or none yet, which is 0, or those of the bucket that are there, in order.
      for (; spot > 0; spot--) {
        const before = load<u32>(hashes + ((spot - 1) << 2));
        if (before <= point) break;
        store<u32>(hashes + (spot << 2), before);
        store<u16>(owners + (spot << 1), load<u16>(owners + ((spot - 1) << 1)));
      }
      store<u32>(hashes + (spot << 2), point);
      store<u16>(owners + (spot << 1), <u16>pod);
    }
  }
}

/** The pod of the first point that is not below a hash, and whose pod is not out; NOBODY when all are. */
export function onRing(ring: usize, hash: u32): u32 {
  const points = <usize>pointsOf(ring);
  const hashes = ring + HASHES;
  const owners = ownersOf(ring);
  const outs = outsOf(ring);
  const bucket = <usize>(hash >>> (32 - load<u32>(ring, HEAD_BITS)));
  let at: usize = load<u32>(bucketsOf(ring) + (bucket << 2));
  while (at < points && load<u32>(hashes + (at << 2)) < hash) at++;
  for (let left = points; left > 0; left--, at++) {
    if (at == points) at = 0;
    const owner: u32 = load<u16>(owners + (at << 1));
    if (load<u32>(outs + (<usize>owner << 2)) == 0) return owner;
  }
  return NOBODY;
}
