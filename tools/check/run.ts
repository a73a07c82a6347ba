import { runToEnd } from "../build/child.ts";

interface Step {
  heading: string;
  command: string;
  args: string[];
}

const types = (heading: string, project: string): Step => ({
  heading: `Types of ${heading}`,
  command: "tsc",
  args: ["-p", project],
});

const STEPS: Step[] = [
  { heading: "Format and lint", command: "biome", args: ["check", "."] },
  types("src", "src/tsconfig.json"),
  types("worker", "worker/tsconfig.json"),
  types("tools, bench and tests", "tsconfig.json"),
  types("tests in workerd", "test/tsconfig.workers.json"),
  {
    heading: "Layers",
    command: "vitest",
    args: ["run", "--project=node", "--reporter=dot", "test/layers.test.ts"],
  },
];

/** `npm run check`: all steps, also after one that fails; ends with 1 when any did. */
async function main(): Promise<number> {
  const failed: string[] = [];
  for (const { heading, command, args } of STEPS) {
    console.log(`── ${heading}`);
    if ((await runToEnd(command, args)) !== 0) failed.push(heading);
  }
  if (failed.length === 0) console.log("All checks passed.");
  else console.log(`Failed: ${failed.join("; ")}`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
