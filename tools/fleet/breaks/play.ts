import { setTimeout as sleep } from "node:timers/promises";
import { inParallel } from "../wait.ts";
import type { Stage } from "./stage.ts";
import { Stranger } from "./stranger.ts";

/** Between two visits of the stranger. Milliseconds. */
const VISIT = 250;

/**
 * All clients live their lives on a stage while a script does what it does, and each of them asks once more at every edge
 * when it has ended: whoever has missed something sees it then. Resolves with who tried what clients should not.
 */
export async function play(stage: Stage, script: () => Promise<void>): Promise<Stranger> {
  const { shoppers, options } = stage;
  const stranger = new Stranger(stage);
  let running = true;
  try {
    await stage.ready();
    // One after another at first: an edge that starts cold under a crowd may take its store for slow, and do without it.
    for (const [i, shopper] of shoppers.entries()) if (i < 8) await shopper.ask();
    await inParallel(shoppers, 4, (shopper) => shopper.ask());
    const lives = Promise.all([
      ...shoppers.map(async (shopper) => {
        while (running) {
          await sleep(options.think * Math.random());
          await shopper.ask();
        }
      }),
      stranger.live(() => running, VISIT),
    ]);
    // It is waited for at the end; until then it must not count as unhandled.
    lives.catch(() => undefined);
    stage.say("begin");
    await script();
    await stage.ready();
    await stage.hold();
    running = false;
    await lives;
    for (const edge of stage.door.open) await inParallel(shoppers, 6, (shopper) => shopper.ask(edge));
    return stranger;
  } finally {
    running = false;
  }
}
