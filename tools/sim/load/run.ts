import type { Gate } from "../gates.ts";
import * as balance from "./balance.ts";
import type { Bench } from "./bench.ts";
import * as faults from "./faults.ts";
import { zones } from "./zones.ts";

/** In this order; `everywhere` sums up what the others ran. */
const PARTS = [
  balance.simpleRules,
  balance.shortRequests,
  balance.longRequests,
  balance.slowPod,
  balance.brownout,
  faults.deadPod,
  faults.blackHole,
  faults.falseEjections,
  faults.rareRequests,
  zones,
  faults.everywhere,
];

/**
 * Runs the load model, with the real rules in it, and holds it to its bars.
 *
 * @param options quick: about 10 s, with fewer and shorter runs; else a minute and a half of one core
 * @param progress called with each gate as it is known
 */
export async function runLoad(
  options: { readonly quick: boolean },
  progress: (gate: Gate) => void = () => undefined,
): Promise<Gate[]> {
  const bench: Bench = { quick: options.quick, judged: [], steady: [] };
  const gates: Gate[] = [];
  for (const part of PARTS) {
    for (const gate of part(bench)) {
      gates.push(gate);
      progress(gate);
    }
    // Lets signals and timers of the caller through.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return gates;
}
