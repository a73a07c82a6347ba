import { play } from "../breaks/play.ts";
import { Stage } from "../breaks/stage.ts";
import { STEPS, type StepName } from "../breaks/steps.ts";
import { verdict } from "../breaks/verdict.ts";
import type { Gate } from "../gate.ts";
import type { Run } from "../scenario.ts";

/** The quick form: what tells most, in an order that leaves none of it alone. */
const QUICK: readonly StepName[] = [
  "pod-kill",
  "move",
  "scale-out",
  "drain",
  "revoke",
  "coordinator-restart",
  "edge-restart",
  "scale-in",
  "redis-restart",
  "partition-store",
];

/**
 * Hundreds of clients fill carts while everything that can happen to a fleet does, one thing after another. Each break that
 * a client noticed must be in the ledger once, and nothing else may be there.
 */
export async function breaks({ quick, bundleDir, seed, say }: Run): Promise<Gate[]> {
  const stage = await Stage.open({
    edges: quick ? 2 : 3,
    pods: 5,
    clients: { cookie: 300, keyed: 60, learned: 60 },
    seed,
    hold: quick ? 1000 : 4000,
    think: 4000,
    bundleDir,
    say,
  });
  const unwatch = stage.watch();
  try {
    const stranger = await play(stage, async () => {
      for (const name of quick ? QUICK : script(stage)) {
        await STEPS[name](stage);
        await stage.hold(0.5);
      }
    });
    return await verdict(stage, stranger);
  } finally {
    unwatch();
    await stage.fleet.stop();
  }
}

/** Every step once, in an order by the seed; a key is retired after it was rotated. */
function script(stage: Stage): StepName[] {
  const all = (Object.keys(STEPS) as StepName[]).filter((name) => name !== "retire-key");
  return [...stage.some(all, all.length), "retire-key"];
}
