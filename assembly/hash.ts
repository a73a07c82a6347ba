// Hashes over the bytes of the key buffer, and the mixer between them.

/** murmur3's finalizer. */
// @ts-ignore: decorator
@inline export function fmix(hash: u32): u32 {
  hash ^= hash >>> 16;
  hash *= 0x85ebca6b;
  hash ^= hash >>> 13;
  hash *= 0xc2b2ae35;
  return hash ^ (hash >>> 16);
}

// @ts-ignore: decorator
@inline function mix(low: u32, high: u32): u64 {
  return <u64>(low ^ 0x53c5ca59) * <u64>(high ^ 0x74743c1b);
}

/** wyhash32 (wangyi-fudan/wyhash, wyhash32.h) with seed 0 of `length` bytes at `at`. */
// @ts-ignore: decorator
@inline export function wyhash32(at: usize, length: u32): u32 {
  let s: u32 = length;
  let q: u32 = 0x53c5ca59;
  let m = mix(s, q);
  s = <u32>m;
  q = <u32>(m >> 32);
  let left = length;
  while (left > 8) {
    m = mix(s ^ load<u32>(at), q ^ load<u32>(at, 4));
    s = <u32>m;
    q = <u32>(m >> 32);
    at += 8;
    left -= 8;
  }
  if (left >= 4) {
    s ^= load<u32>(at);
    q ^= load<u32>(at + left - 4);
  } else if (left > 0) {
    s ^= load<u8>(at) | (left > 1 ? <u32>load<u8>(at, 1) << 8 : 0) | (left > 2 ? <u32>load<u8>(at, 2) << 16 : 0);
  }
  m = mix(s, q);
  m = mix(<u32>m, <u32>(m >> 32));
  return <u32>m ^ <u32>(m >> 32);
}

// @ts-ignore: decorator
@inline function scramble(block: u32): u32 {
  return rotl<u32>(block * 0xcc9e2d51, 15) * 0x1b873593;
}

/** MurmurHash3_x86_32 (aappleby/smhasher) of `length` bytes at `at`. */
export function murmur3(at: usize, length: u32, seed: u32): u32 {
  let hash = seed;
  const end = at + (length & ~3);
  for (; at < end; at += 4) {
    hash = rotl<u32>(hash ^ scramble(load<u32>(at)), 13) * 5 + 0xe6546b64;
  }
  const left = length & 3;
  if (left > 0) {
    let block: u32 = load<u8>(at);
    if (left > 1) block |= <u32>load<u8>(at, 1) << 8;
    if (left > 2) block |= <u32>load<u8>(at, 2) << 16;
    hash ^= scramble(block);
  }
  return fmix(hash ^ length);
}
