// The core's hashes in plain JavaScript: for keys that are longer than its buffer, and for when it traps.

/** murmur3's finalizer: a mixer of 32 bits. */
export function fmix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The upper 32 bits of the product of two u32, in 16-bit halves so that nothing passes 2^53. */
function high(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = (middle % 0x10000) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/** wyhash32 (wangyi-fudan/wyhash, wyhash32.h) with seed 0. u32. */
export function wyhash32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let s = bytes.length;
  let q = 0x53c5ca59;
  const mix = () => {
    const a = (s ^ 0x53c5ca59) >>> 0;
    const b = (q ^ 0x74743c1b) >>> 0;
    s = Math.imul(a, b) >>> 0;
    q = high(a, b);
  };
  mix();
  let at = 0;
  let left = bytes.length;
  for (; left > 8; left -= 8, at += 8) {
    s ^= view.getUint32(at, true);
    q ^= view.getUint32(at + 4, true);
    mix();
  }
  if (left >= 4) {
    s ^= view.getUint32(at, true);
    q ^= view.getUint32(at + left - 4, true);
  } else {
    for (let i = 0; i < left; i++) s ^= bytes[at + i]! << (8 * i);
  }
  mix();
  mix();
  return (s ^ q) >>> 0;
}

function scramble(block: number): number {
  const k = Math.imul(block, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

/** MurmurHash3_x86_32 (aappleby/smhasher). u32. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length & ~3;
  let h = seed;
  for (let at = 0; at < whole; at += 4) {
    h ^= scramble(view.getUint32(at, true));
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = whole; i < bytes.length; i++) tail |= bytes[i]! << (8 * (i - whole));
  return fmix((bytes.length & 3 ? h ^ scramble(tail) : h) ^ bytes.length);
}

/** What a byte makes of a CRC-32 that ends in it. */
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32 (IEEE 802.3) going on from a state, which is 0xffffffff at the beginning and negated at the end. u32. */
export function crcOn(state: number, bytes: Uint8Array): number {
  let crc = state;
  for (let i = 0; i < bytes.length; i++) crc = CRC[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return crc >>> 0;
}

/** CRC-32 of a text each of whose characters is a byte. u32. */
export function crcOfBytes(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) crc = CRC[(crc ^ text.charCodeAt(i)) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** CRC-32 (IEEE 802.3). u32. */
export function crc32(bytes: Uint8Array): number {
  return ~crcOn(0xffffffff, bytes) >>> 0;
}

/** The point after `point` on a ring of ketama: CRC-32 of an id, whose state is `base`, and the point's four bytes. u32. */
export function pointAfter(base: number, point: number): number {
  let crc = base ^ point;
  for (let byte = 0; byte < 4; byte++) crc = CRC[crc & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
