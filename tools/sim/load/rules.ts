import { Guarded } from "../../../src/policies/guarded.ts";
import { LeastOfAll } from "../../../src/policies/least-of-all.ts";
import { spread } from "../../../src/policies/wheel.ts";
import { Zoned } from "../../../src/policies/zoned.ts";
import { zoneOf } from "./hub.ts";
import type { Isolate } from "./isolate.ts";
import type { RuleName, Scene } from "./scene.ts";

/** Chooses a pod for a request of an isolate, by its number and one random word; −1: none is left. */
export type Rule = (isolate: Isolate, index: number, word: number, now: number) => number;

/** @param truth the requests in flight at each pod, which only `perfect` may look at */
export function ruleOf(scene: Scene, truth: Uint32Array): Rule {
  const pods = scene.pods;
  const draw = (word: number, { out }: Isolate) => {
    let at = Math.floor((word / 2 ** 32) * pods);
    for (let i = 0; i < pods && out[at] !== 0; i++) at = (at + 1) % pods;
    return at;
  };
  const ofTwo =
    (load: (isolate: Isolate, pod: number) => number): Rule =>
    (isolate, _index, word) => {
      const first = draw(word, isolate);
      let second = first;
      for (let turn = 1; second === first && turn < 8; turn++) second = draw(spread(word, turn), isolate);
      return load(isolate, second) < load(isolate, first) ? second : first;
    };
  const guarded = (all: boolean): Rule => {
    if (scene.prefer) return zoned(scene, all);
    const weights = new Array<number>(pods).fill(1);
    // Each isolate would have a core of its own: a scan for them all.
    const picker = new Guarded(weights, all ? new LeastOfAll(weights) : undefined);
    return (isolate, _index, word, now) => picker.pick(word, isolate, isolate.share, now);
  };
  const ownAndFleet = ({ inflight, fleet }: Isolate, pod: number) => inflight[pod]! + (fleet?.[pod] ?? 0);
  const rules: Record<RuleName, () => Rule> = {
    random: () => (isolate, _index, word) => draw(word, isolate),
    local: () => ofTwo(({ inflight }, pod) => inflight[pod]!),
    perfect: () => ofTwo((_, pod) => truth[pod]!),
    "own+fleet": () => ofTwo(ownAndFleet),
    "least-stale": () => (isolate, _index, word) => {
      let best = draw(word, isolate);
      for (let i = 0; i < pods; i++) {
        if (isolate.out[i] === 0 && ownAndFleet(isolate, i) < ownAndFleet(isolate, best)) best = i;
      }
      return best;
    },
    guarded: () => guarded(false),
    "guarded-all": () => guarded(true),
  };
  return rules[scene.rule]();
}

function zoned({ pods, zones }: Scene, all: boolean): Rule {
  const names = Array.from({ length: pods }, (_, i) => zoneOf(i, zones));
  const picker = new Zoned(new Array(pods).fill(1), names, all);
  return (isolate, index, word, now) =>
    picker.pick(word, zoneOf(index, zones), isolate.split, isolate, isolate.share, now);
}
