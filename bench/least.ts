import { Journal } from "../src/core/core.ts";
import type { FleetView } from "../src/policies/guarded.ts";
import { leastRequest } from "../src/policies/least-request.ts";
import type { Picker } from "../src/policies/policy.ts";
import { atLeast, atMost, type Gate, told } from "./gate.ts";
import { calm, freshCore, podsOf, toolsOf } from "./pods.ts";
import { alone, type Case, sideBySide, times } from "./side.ts";

/** Requests that stay in flight while others come and go, per pod. */
const BUSY = 3;
/** Picks between two heartbeats: a thousand new sessions in a second or two. */
const HEARTBEAT = 1000;

/**
 * A new session placed by least-request: the pick, one more request in flight, and one that ends somewhere else. Exact
 * beside a scan in JavaScript, and beside the better of two.
 */
export function measureLeast(rounds: number): Gate[] {
  const [exact, scan, two] = sideBySide(cases(1000), rounds) as [number[], number[], number[]];
  const [exactMany, , twoMany] = sideBySide(cases(10_000), rounds) as [number[], number[], number[]];
  const [exactFew, scanFew] = sideBySide(fleetCases(1000), rounds) as [number[], number[]];
  const [exactAll, scanAll] = sideBySide(fleetCases(10_000), rounds) as [number[], number[]];
  return [
    atLeast("exact least-request vs a scan in JavaScript, 1,000 pods", times(scan, exact), 10, "×"),
    atMost("exact least-request vs the better of two, 10,000 pods", times(exactMany, twoMany), 4, "×"),
    told("exact least-request, 1,000 pods", Math.round(alone(exact)), "ns"),
    told("exact least-request, 10,000 pods", Math.round(alone(exactMany)), "ns"),
    told("better of two, 1,000 pods", Math.round(alone(two)), "ns"),
    told("better of two, 10,000 pods", Math.round(alone(twoMany)), "ns"),
    told("a scan, 1,000 pods", Math.round(alone(scan)), "ns"),
    told(
      "exact, with the load of other isolates, vs a scan in JavaScript, 1,000 pods",
      times(scanFew, exactFew),
      "×",
    ),
    told("the same, 10,000 pods", times(scanAll, exactAll), "×"),
    told("exact, with the load of other isolates, 1,000 pods", Math.round(alone(exactFew)), "ns"),
    told("exact, with the load of other isolates, 10,000 pods", Math.round(alone(exactAll)), "ns"),
  ];
}

function cases(count: number): Case[] {
  const pods = podsOf(count);
  const build = (choices: 2 | "all") => leastRequest.build(pods, { choices }, toolsOf(freshCore(), pods, 16));
  return [
    traffic(build("all"), count, 20_000),
    traffic(scanOf(pods.map(({ weight }) => weight)), count, 20_000_000 / count / 10),
    traffic(build(2), count, 20_000),
  ];
}

/** Over several isolates on a view as good as being there: what others have in flight, and what pods are worth. */
function fleetCases(count: number): Case[] {
  const pods = podsOf(count);
  const weights = pods.map(({ weight }) => weight);
  const fleet = {
    others: Float64Array.from(pods, (_, i) => BUSY + (i % 7) / 10),
    worth: Float64Array.from(pods, (_, i) => (i % 10 === 0 ? 0.5 : 1)),
    revision: 0,
    m: 20,
    tau: 1000,
    at: 0,
    alone: false,
  };
  // What others have changes with each heartbeat, for all pods.
  const hear = () => {
    for (let i = 0; i < count; i++) fleet.others[i] = BUSY + ((i + fleet.revision) % 7) / 10;
    fleet.revision++;
  };
  const tools = { ...toolsOf(freshCore(), pods, 16), fleet };
  const exact = leastRequest.build(pods, { choices: "all" }, tools);
  return [
    traffic(exact, count, 20_000, hear),
    traffic(scanOf(weights, fleet), count, 20_000_000 / count / 10, hear),
  ];
}

/** The least of all by a look at each, which knows weights and who is out, and draws none of equals. */
function scanOf(weights: readonly number[], fleet?: FleetView): Picker {
  const inverse = Float64Array.from(weights, (weight) => 1 / weight);
  if (fleet !== undefined) return scanOfFleet(inverse, fleet);
  return {
    pick(_, { inflight, out }) {
      let found = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < inverse.length; i++) {
        const load = inflight[i]! * inverse[i]!;
        if (load < least && out[i] === 0) {
          least = load;
          found = i;
        }
      }
      return found;
    },
  };
}

function scanOfFleet(inverse: Float64Array, { others, worth }: FleetView): Picker {
  return {
    pick(_, { inflight, out }) {
      let found = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < inverse.length; i++) {
        const load = ((inflight[i]! + others[i]!) * inverse[i]!) / worth[i]!;
        if (load < least && out[i] === 0) {
          least = load;
          found = i;
        }
      }
      return found;
    },
  };
}

/** @param hear a heartbeat, one in so many picks */
function traffic(picker: Picker, count: number, picks: number, hear?: () => void): Case {
  const journal = new Journal();
  const standing = { ...calm(podsOf(count)), journal };
  const { inflight } = standing;
  inflight.fill(BUSY);
  let word = 1;
  return {
    count: picks,
    prepare: () => () => {
      for (let i = 0; i < picks; i++) {
        if (i % HEARTBEAT === 0) hear?.();
        word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
        const taken = picker.pick({ key: "", word }, standing);
        inflight[taken] = inflight[taken]! + 1;
        journal.note(taken);
        // The next pod from anywhere on that has one: where it ends does not depend on where it began.
        let ended = Math.floor((word / 2 ** 32) * count);
        while (inflight[ended] === 0) ended = ended + 1 === count ? 0 : ended + 1;
        inflight[ended] = inflight[ended]! - 1;
        journal.note(ended);
      }
    },
  };
}
