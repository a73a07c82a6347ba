import { stripVTControlCharacters } from "node:util";
import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import { commands } from "./commands/index.ts";
import { CODES, Failure } from "./failure.ts";
import { isPlain, paint } from "./print.ts";

/**
 * `npx mooring COMMAND`, against MOORING_URL with MOORING_ADMIN_TOKEN. Exit codes: 0 done, 1 the answer is no, 2 wrong usage,
 * 3 nothing answers, 4 the token, 5 another revision or a wrong state, 6 not valid or not there, 7 the server failed.
 */
const mooring = defineCommand({
  meta: {
    name: "mooring",
    description:
      "See, plan, explain and change what keeps sessions on pods (MOORING_URL, MOORING_ADMIN_TOKEN)",
  },
  subCommands: commands,
});

const argv = process.argv.slice(2);
try {
  const [name = "--help"] = argv;
  const chosen = Object.hasOwn(commands, name) ? commands[name as keyof typeof commands] : undefined;
  if (argv.includes("--help") || argv.includes("-h") || argv.length === 0) {
    const usage = chosen === undefined ? await renderUsage(mooring) : await usageOf(chosen);
    console.log(isPlain(process.stdout) ? stripVTControlCharacters(usage) : usage);
  } else if (chosen === undefined) {
    const known = Object.keys(commands).join(", ");
    throw new Failure("usage", `there is no command ${JSON.stringify(name)}: write one of ${known}`);
  } else await runCommand(chosen, { rawArgs: argv.slice(1) });
} catch (error) {
  process.exitCode = complain(error);
}

/** Prints what went wrong in a line or a few; a stack only for what is a bug. */
function complain(error: unknown): number {
  const { bad } = paint(process.stderr);
  if (error instanceof Failure) {
    console.error(`${bad("error:")} ${error.message}`);
    return error.code;
  }
  if (error instanceof Error && error.name === "CLIError") {
    console.error(`${bad("error:")} ${error.message}: see --help`);
    return CODES.usage;
  }
  console.error(error);
  return CODES.server;
}

function usageOf(command: CommandDef): Promise<string> {
  return renderUsage(command, mooring as CommandDef);
}
