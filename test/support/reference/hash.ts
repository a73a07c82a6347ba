// The hashes once more, in big integers, slow and plain: what the core and its fallback are compared with.

const U32 = 0xffffffffn;

/** Text as a list of bytes. */
export function bytesOf(text: string): bigint[] {
  return Array.from(Buffer.from(text, "utf8"), BigInt);
}

function word(bytes: readonly bigint[], at: number, length = 4): bigint {
  return bytes.slice(at, at + length).reduceRight((sum, byte) => (sum << 8n) | byte, 0n);
}

/** wyhash32, seed 0. */
export function wyhash32(text: string): number {
  const bytes = bytesOf(text);
  let s = BigInt(bytes.length);
  let q = 0x53c5ca59n;
  const mix = () => {
    const product = (s ^ 0x53c5ca59n) * (q ^ 0x74743c1bn);
    s = product & U32;
    q = product >> 32n;
  };
  mix();
  let at = 0;
  while (bytes.length - at > 8) {
    s ^= word(bytes, at);
    q ^= word(bytes, at + 4);
    mix();
    at += 8;
  }
  if (bytes.length - at >= 4) {
    s ^= word(bytes, at);
    q ^= word(bytes, bytes.length - 4);
  } else {
    s ^= word(bytes, at);
  }
  mix();
  mix();
  return Number(s ^ q);
}

/** murmur3's finalizer. */
export function fmix(hash: bigint): bigint {
  let h = hash & U32;
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & U32;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & U32;
  return h ^ (h >> 16n);
}

function rotl(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (32n - by))) & U32;
}

/** MurmurHash3_x86_32. */
export function murmur3(text: string, seed: bigint): bigint {
  const bytes = bytesOf(text);
  const scrambled = (block: bigint) => (rotl((block * 0xcc9e2d51n) & U32, 15n) * 0x1b873593n) & U32;
  let h = seed;
  let at = 0;
  for (; bytes.length - at >= 4; at += 4)
    h = (rotl(h ^ scrambled(word(bytes, at)), 13n) * 5n + 0xe6546b64n) & U32;
  if (at < bytes.length) h ^= scrambled(word(bytes, at));
  return fmix(h ^ BigInt(bytes.length));
}
