import { Ending, Lifetime } from "./lifetime.ts";
import { StartError } from "./port.ts";

/** What a program that has started says of itself. */
export interface Running {
  /** Resolves, with the reason, when the service ends without having been told to; absent when that cannot be. */
  died?: Promise<string>;
}

/**
 * Runs a program that starts things and then serves until it is told to end: nothing is left when it has. Its exit code
 * is 0 when it was told to end, 1 when starting failed or the service died.
 */
export async function runProgram(start: (lifetime: Lifetime) => Promise<Running>): Promise<void> {
  const lifetime = new Lifetime();
  let code = 0;
  try {
    const { died } = await start(lifetime);
    const why = await Promise.race(died === undefined ? [lifetime.over] : [lifetime.over, died]);
    if (why !== undefined) throw new StartError(why);
  } catch (error) {
    if (!(error instanceof Ending)) {
      code = 1;
      console.error(error instanceof StartError ? `error: ${error.message}` : error);
    }
  }
  try {
    await lifetime.end();
  } catch (error) {
    code = 1;
    console.error(error);
  }
  process.exit(code);
}
