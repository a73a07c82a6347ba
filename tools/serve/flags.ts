import { parseArgs } from "node:util";
import { StartError } from "./port.ts";

type Values<Name extends string> = Partial<Record<Name, string>>;

/**
 * Reads `--name value` flags, each a text. `undefined` when help is asked for. Throws StartError, with the usage, on
 * anything else.
 */
export function readFlags<Name extends string>(
  argv: readonly string[],
  names: readonly Name[],
  usage: string,
): Values<Name> | undefined {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const name of names) options[name] = { type: "string" };
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false });
    return values.help === true ? undefined : (values as Values<Name>);
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${usage}`);
  }
}

/** A whole number within bounds, both included. Throws StartError. */
export function whole(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new StartError(
      `${flag} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`,
    );
  }
  return value;
}
