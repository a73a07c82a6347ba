import { ledgerAdds } from "./audit.ts";
import type { Broken } from "./broken.ts";
import { calmRound, heal, lastRound, tellRound } from "./ending.ts";
import { happen } from "./happen.ts";
import type { Plan } from "./plan.ts";
import type { Violation, Watch } from "./watch.ts";
import { START, World } from "./world.ts";

/** What became of a schedule. */
export interface Outcome {
  readonly violation: Violation | undefined;
  /** Hash of everything that happened: the same for the same plan. */
  readonly hash: number;
  readonly trace: readonly string[];
  readonly steps: number;
  readonly requests: number;
  readonly checks: Watch["checks"];
}

export interface Options {
  readonly broken?: Broken | undefined;
  readonly trace?: boolean;
}

/** How long the world rests before it is looked at: probes, views and heartbeats come round in it. Milliseconds. */
const REST = 20_000;

/** Runs a schedule to its end, or to the first violation. */
export async function simulate(plan: Plan, { broken, trace = false }: Options = {}): Promise<Outcome> {
  const world = new World(plan, broken, trace);
  const { loop, watch } = world;
  loop.after(0, () => void world.begin());
  for (const [index, event] of plan.events.entries()) loop.after(event.at, () => happen(world, event, index));
  await loop.run(START + plan.length);
  if (!loop.halted) await settleDown(world);
  world.end();
  const { violation, checks } = watch;
  if (violation !== undefined) world.trace.say(violation.at, `! ${violation.invariant}: ${violation.text}`);
  return {
    violation,
    hash: world.trace.hash,
    trace: world.trace.lines,
    steps: loop.steps,
    requests: checks.answers,
    checks,
  };
}

async function settleDown(world: World): Promise<void> {
  const { loop } = world;
  const phase = async (work: () => Promise<void>, rest: number) => {
    if (loop.halted) return;
    loop.after(0, () => void work());
    await loop.run(loop.now + rest);
  };
  await phase(async () => heal(world), REST);
  await phase(() => calmRound(world), REST);
  await phase(() => calmRound(world), REST);
  if (world.clients.some(({ unheardAt }) => unheardAt !== undefined))
    await phase(() => tellRound(world), REST);
  // What was looked up too late is asked for again, after a pause.
  await phase(() => lastRound(world), world.plan.affinity === "cookie" ? REST : 3 * REST);
  if (!loop.halted) ledgerAdds(world);
}
