import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../build/bundle.ts";
import { conduct } from "../figures/study.ts";
import { compare } from "./agreement.ts";
import { agrees, figuresOf, repeats } from "./checks.ts";
import { measure, sweep } from "./experiment.ts";
import { NAMES } from "./kinds.ts";
import { BASE } from "./model.ts";
import { FINDINGS, type Findings, pagesOf } from "./report.ts";

const HELP = `npm run claims -- [--quick] [--seed N] [--json FILE] [--write] | --redraw

Plays the same users by four kinds of stickiness, in virtual time and over real HTTP; docs/claims.md
tells what comes of it. Ends with 1 when a check fails, with 2 when it cannot be run as asked.
--quick: the same checks in small, without the sweeps. --write: docs/claims.md, its plots and its
findings; --redraw: the same of the findings that are there, without a run.`;

/** Runs of the usual setting, and of each value of a sweep. */
const SEEDS = 10;
const SWEEP_SEEDS = 5;
/** Runs in virtual time that the one over HTTP is compared with. */
const REPLAYS = 40;
/** --quick: runs, users of each, and runs to compare with. */
const QUICK = { seeds: 2, users: 80, replays: 16 };

const say = (line: string) => console.log(`── ${line}`);

await conduct<Findings>({
  help: HELP,
  whole: "all runs",
  file: FINDINGS,
  pagesOf,
  async run({ quick, seed: first, machine, found }) {
    const dir = mkdtempSync(join(tmpdir(), "mooring-claims-"));
    // A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up, as the workers do.
    process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

    const users = quick ? QUICK.users : BASE.users;
    const seeds = quick ? QUICK.seeds : SEEDS;
    say("over HTTP, and the same in virtual time");
    const { dir: bundleDir } = await bundle({ outdir: join(dir, "worker") });
    const agreement = await compare(bundleDir, first, quick ? QUICK.replays : REPLAYS);
    say("in virtual time");
    const [seen] = await measure([{ model: { ...BASE, users }, kinds: NAMES }], { seeds, first });
    if (!quick) {
      say("each parameter by itself");
      const swept = await sweep({ seeds: SWEEP_SEEDS, first });
      const effort = { seeds, sweepSeeds: SWEEP_SEEDS, first };
      found({ seen: seen!, swept, agreement, effort, machine });
    }
    return [...figuresOf(seen!), await repeats(QUICK.users, first), ...agrees(agreement)];
  },
});
