// The ladder: step r is the expected r-th smallest of M exponentials of mean 1, so that no logarithm is needed.

/** Bytes of a ladder of 2^bits steps. */
export function ladderBytes(bits: u32): usize {
  return <usize>4 << bits;
}

/** L[r] = f32(Σ_{j=0..r} 1/(M−j)), added up ascending in f64 (Rényi's representation of order statistics). */
export function layLadder(ladder: usize, bits: u32): void {
  const steps: u32 = 1 << bits;
  let sum: f64 = 0;
  for (let r: u32 = 0; r < steps; r++) {
    sum += 1.0 / <f64>(steps - r);
    store<f32>(ladder + (<usize>r << 2), <f32>sum);
  }
}
