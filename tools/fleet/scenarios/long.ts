import { type InStep, inStep } from "../breaks/in-step.ts";
import { play } from "../breaks/play.ts";
import { SECRETS, Stage } from "../breaks/stage.ts";
import { STEPS, type StepName, WITHOUT_STORE } from "../breaks/steps.ts";
import { verdict } from "../breaks/verdict.ts";
import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import type { Run } from "../scenario.ts";

/** Within which sessions and store must say the same once the store is back. Seconds. */
const SOON = 10;

/** The quick form: one of each kind. */
const QUICK: readonly StepName[] = [
  "pod-kill",
  "partition-store",
  "scale-out",
  "drain",
  "partition-coordinator",
  "scale-in",
  "coordinator-restart",
  "partition-pod",
];

/**
 * A fleet lives for as long as it is told to, and everything that can happen to it does, again and again, in an order by the
 * seed: kills, drains, scaling out and in, configs, keys, restarts of the store and of the coordinator, and partitions of each
 * of its connections. All that its clients saw is held against the invariants at once.
 */
export async function long({ quick, bundleDir, minutes, seed, say }: Run): Promise<Gate[]> {
  const stage = await Stage.open({
    edges: quick ? 2 : 3,
    pods: 5,
    clients: quick ? { cookie: 150, keyed: 30, learned: 30 } : { cookie: 300, keyed: 60, learned: 60 },
    seed,
    hold: quick ? 800 : 4000,
    think: 4000,
    bundleDir,
    say,
  });
  const unwatch = stage.watch();
  const steps: StepName[] = [];
  const found: InStep[] = [];
  try {
    const stranger = await play(stage, async () => {
      const until = Date.now() + minutes * 60_000;
      for (const name of quick ? QUICK : endless(stage)) {
        if (!quick && Date.now() > until) break;
        steps.push(name);
        await STEPS[name](stage);
        if (WITHOUT_STORE.has(name)) found.push(await inStep(stage));
        else await stage.hold(0.5);
      }
    });
    const judged = found.filter(({ starved }) => !starved);
    return [
      atLeast("steps", steps.length, QUICK.length, "steps"),
      atLeast("kinds of them", new Set(steps).size, QUICK.length, "kinds"),
      ...(await verdict(stage, stranger)),
      // In small there is one of them, which a busy machine may spoil.
      atLeast(
        "I3: returns of the store that a machine fast enough saw",
        judged.length,
        quick ? 0 : 1,
        "returns",
      ),
      told(
        "returns that were not judged, the machine or its store too slow",
        found.length - judged.length,
        "returns",
      ),
      atLeast(
        "I3: sessions that a store which was back told of",
        found.reduce((sum, { known }) => sum + known, 0),
        1,
        "sessions",
      ),
      none("I3: sessions out of step with the store that is back", total(judged), "sessions"),
      atMost("I3: longest until they were in step", Math.max(0, ...judged.map((one) => one.took)), SOON, "s"),
    ];
  } finally {
    unwatch();
    await stage.fleet.stop();
  }
}

/** Round after round of every step, each in another order; in the end of a round the key before is retired. */
function* endless(stage: Stage): Generator<StepName> {
  const retire: StepName = "retire-key";
  for (;;) {
    const spent = stage.key + 1 >= SECRETS.length;
    const names = (Object.keys(STEPS) as StepName[]).filter((name) => name !== retire);
    for (const name of stage.some(names, names.length)) if (name !== "rotate" || !spent) yield name;
    if (!spent) yield retire;
  }
}

function total(found: readonly InStep[]): number {
  return found.reduce((sum, { apart }) => sum + apart, 0);
}
