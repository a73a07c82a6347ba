import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BROKEN, type Broken, isBroken } from "./broken.ts";
import { type Gate, gatesOf, machine, table } from "./gates.ts";
import { generate } from "./generate.ts";
import { runLoad } from "./load/run.ts";
import { many } from "./many.ts";
import type { Plan } from "./plan.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";

/** Schedules unless told otherwise: about two minutes on two idle cores; --quick takes half a minute. */
const SCHEDULES = 10_000;
const QUICK = 2000;
/** Failures after which looking for more would only take time. */
const ENOUGH = 10;

const HELP = `npm run sim -- [--schedules N] [--first S] [--quick] [--json FILE] [--break NAME]
npm run sim -- --load [--quick] [--json FILE]          the load model alone: how evenly isolates balance
npm run sim -- --seed S | --plan FILE [--break NAME]   one schedule, with its trace, made smaller when it fails

--break NAME breaks a rule on purpose:
${Object.entries(BROKEN)
  .map(([name, text]) => `  ${name.padEnd(22)} ${text}`)
  .join("\n")}`;

const { values } = parseArgs({
  options: {
    schedules: { type: "string" },
    first: { type: "string", default: "1" },
    seed: { type: "string" },
    plan: { type: "string" },
    break: { type: "string" },
    json: { type: "string" },
    load: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** One schedule, told in full; whether it kept the invariants. */
async function one(plan: Plan, broken: Broken | undefined): Promise<boolean> {
  const { violation, trace, hash, steps, requests } = await simulate(plan, { broken, trace: true });
  console.log(trace.join("\n"));
  console.log(`\n${requests} requests, ${steps} events, trace ${hash.toString(16)}`);
  if (violation === undefined) return true;
  await smaller(plan, broken);
  return false;
}

/** Prints the smallest schedule that fails alike, and its trace. */
async function smaller(plan: Plan, broken: Broken | undefined): Promise<void> {
  const { violation } = await simulate(plan, { broken });
  if (violation === undefined)
    throw new Error(`seed ${plan.seed} failed before and does not now: not deterministic`);
  const shrunk = await shrink(plan, violation.invariant, broken);
  const { events, ...rest } = shrunk.plan;
  const outcome = await simulate(shrunk.plan, { broken, trace: true });
  console.log(`\nSeed ${plan.seed} breaks ${violation.invariant}. Smaller, after ${shrunk.tried} tries:`);
  console.log(JSON.stringify(rest));
  for (const event of events) console.log(`  ${JSON.stringify(event)}`);
  console.log(`Its trace:\n${outcome.trace.map((line) => `  ${line}`).join("\n")}`);
}

async function all(schedules: number, first: number, broken: Broken | undefined): Promise<boolean> {
  const begun = performance.now();
  let said = 0;
  const tally = await many({
    first,
    schedules,
    broken,
    enough: ENOUGH,
    progress: ({ schedules: done, failures }) => {
      if (performance.now() - said < 5000 || !process.stderr.isTTY) return;
      said = performance.now();
      process.stderr.write(`\r${done} of ${schedules} schedules, ${failures.length} failed `);
    },
  });
  if (process.stderr.isTTY) process.stderr.write("\n");
  const gates = gatesOf(tally, (performance.now() - begun) / 1000);
  for (const { seed, invariant, text } of tally.failures) console.log(`seed ${seed}: ${invariant}: ${text}`);
  const [worst] = tally.failures;
  if (worst !== undefined) await smaller(generate(worst.seed), broken);
  // Figures of a rule that is broken on purpose say nothing of the load.
  if (broken === undefined) gates.push(...(await runLoad({ quick: values.quick })));
  report(gates);
  return tally.failures.length === 0 && gates.every(({ pass }) => pass !== false);
}

async function load(): Promise<boolean> {
  const gates = await runLoad({ quick: values.quick });
  report(gates);
  return gates.every(({ pass }) => pass !== false);
}

function report(gates: readonly Gate[]): void {
  console.log(`\n${table(gates)}`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine: machine(), gates }, null, 2)}\n`);
  }
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const broken = values.break;
  if (broken !== undefined && !isBroken(broken)) {
    console.error(`error: there is no rule ${broken} to break\n\n${HELP}`);
    return 2;
  }
  const number = (text: string) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${text} is not a whole number`);
    return value;
  };
  if (values.load) return (await load()) ? 0 : 1;
  if (values.plan !== undefined) {
    return (await one(JSON.parse(readFileSync(values.plan, "utf8")) as Plan, broken)) ? 0 : 1;
  }
  if (values.seed !== undefined) return (await one(generate(number(values.seed)), broken)) ? 0 : 1;
  const schedules =
    values.schedules === undefined ? (values.quick ? QUICK : SCHEDULES) : number(values.schedules);
  return (await all(schedules, number(values.first), broken)) ? 0 : 1;
}

process.exitCode = await main();
