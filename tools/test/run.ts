import { bundle } from "../build/bundle.ts";
import { runToEnd } from "../build/child.ts";

/** `npm test`: every fast test, those in Node and those in workerd; arguments go to vitest. */
async function main(args: readonly string[]): Promise<number> {
  // The tests that run whole processes start them from here.
  await bundle({ outdir: "build/worker" });
  const reporter = args.some((arg) => arg.startsWith("--reporter")) ? [] : ["--reporter=dot"];
  return runToEnd("vitest", ["run", ...reporter, ...args]);
}

process.exitCode = await main(process.argv.slice(2));
