import { build, decodeFromCompressedBase64, type Histogram } from "hdr-histogram-js";

/** Microseconds: longer ones count as this. */
const HIGHEST = 120_000_000;

/** Latencies in µs, to three digits. */
export function latencies(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
}

/** Adds a latency in ms. */
export function record(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(HIGHEST, Math.max(1, Math.round(ms * 1000))));
}

/** Adds what another process recorded. */
export function add(to: Histogram, text: string): void {
  to.add(decodeFromCompressedBase64(text, 32, false));
}

/** A percentile in ms, to a hundredth. */
export function percentile(histogram: Histogram, part: number): number {
  return Math.round(histogram.getValueAtPercentile(part) / 10) / 100;
}
