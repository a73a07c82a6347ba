/**
 * Fractions in 0..1 that repeat with the seed, 1 excluded: mulberry32 (Tommy Ettinger), 32 bits of state, good enough to
 * choose whom a fault hits.
 */
export function fractions(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
