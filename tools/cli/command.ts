import { setTimeout as sleep } from "node:timers/promises";
import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs } from "citty";
import { Api } from "./api.ts";
import { Failure } from "./failure.ts";
import { type Paint, paint } from "./print.ts";

/** Between two looks of --watch. Milliseconds. */
const EVERY = 2000;

const COMMON = {
  json: { type: "boolean", description: "Print the API's answer for programs" },
} as const satisfies ArgsDef;
const WATCH = {
  watch: { type: "boolean", alias: "w", description: "Look again every 2 s, until Ctrl-C" },
} as const satisfies ArgsDef;

/** What a command works with. */
export interface Tools {
  readonly api: Api;
  readonly paint: Paint;
  /** The words of the command as they were given. */
  readonly raw: readonly string[];
  /** Tells of the way on stderr, so that what is piped stays whole. */
  say(line: string): void;
}

/** What a command has found: for programs, and in words for people. */
export interface Found {
  readonly json: unknown;
  readonly text: string;
  /** Whether the answer is no. */
  readonly no?: boolean;
}

interface Definition<T extends ArgsDef> {
  readonly name: string;
  readonly description: string;
  readonly args?: T;
  /** It changes nothing, and may be watched; a function where that depends on its words. */
  readonly watch?: boolean | ((args: ParsedArgs<T>) => boolean);
  /** It takes any number of words. */
  readonly words?: boolean;
  /** It asks no server unless it wants to. */
  readonly offline?: boolean;
  run(args: ParsedArgs<T>, tools: Tools): Promise<Found>;
}

/** A command of the command line: a table for people, JSON for programs. */
export function command<const T extends ArgsDef>(definition: Definition<T>): CommandDef<ArgsDef> {
  const { name, description, args, watch = false } = definition;
  const known: ArgsDef = { ...args, ...COMMON, ...(watch === false ? {} : WATCH) };
  return defineCommand<ArgsDef>({
    meta: { name, description },
    args: known,
    async run({ args: given, rawArgs }) {
      refuseUnknown(rawArgs, known, definition.words === true);
      if (given.watch && typeof watch === "function" && !watch(given as ParsedArgs<T>))
        throw new Failure("usage", "what changes something is done once: leave --watch out");
      const colours = paint(process.stdout);
      let api: Api | undefined;
      const tools: Tools = {
        get api() {
          api ??= new Api();
          return api;
        },
        paint: colours,
        raw: rawArgs,
        say: (line) => process.stderr.write(`${line}\n`),
      };
      const look = async () => {
        const { json, text, no } = await definition.run(given as ParsedArgs<T>, tools);
        if (given.watch && process.stdout.isTTY && !given.json) process.stdout.write("\x1b[2J\x1b[H");
        process.stdout.write(`${given.json ? JSON.stringify(json, null, given.watch ? 0 : 2) : text}\n`);
        if (no) process.exitCode = 1;
      };
      await look();
      while (given.watch) {
        await sleep(EVERY);
        await look();
      }
    },
  });
}

/** A flag that is misspelt must not be taken for one that was not given, nor a word too many be passed over. */
function refuseUnknown(raw: readonly string[], known: ArgsDef, any: boolean): void {
  const names = namesOf(known, () => true);
  const valued = namesOf(known, ({ type }) => type === "string");
  const named = Object.values(known).filter(({ type }) => type === "positional").length;
  const places = any ? Number.POSITIVE_INFINITY : named;
  let given = 0;
  for (let i = 0; i < raw.length; i++) {
    const text = raw[i]!;
    const [, name, value] = /^--?([a-zA-Z][a-zA-Z-]*)(=.*)?$/s.exec(text) ?? [];
    if (name === undefined) {
      if (++given > places)
        throw new Failure("usage", `${JSON.stringify(text)} is one word too many: see --help`);
    } else if (!names.has(name)) throw new Failure("usage", `there is no ${text} here: see --help`);
    else if (value === undefined && valued.has(name) && raw[++i] === undefined) {
      throw new Failure("usage", `${text} needs a value: see --help`);
    }
  }
}

function namesOf(known: ArgsDef, wanted: (arg: ArgsDef[string]) => boolean): Set<string> {
  const names = new Set<string>();
  for (const [name, arg] of Object.entries(known)) {
    if (!wanted(arg)) continue;
    names.add(name);
    if ("alias" in arg) for (const alias of [arg.alias ?? []].flat()) names.add(alias);
  }
  return names;
}
