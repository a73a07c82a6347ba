import { type ParseArgsConfig, parseArgs } from "node:util";
import { findRedisServer } from "../gateway/redis.ts";
import { checkWritable } from "./output.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** The command line of a run that measures: what it cannot do as it was asked it refuses before it begins, with exit code 2. */
export class Command {
  readonly #help: string;

  constructor(help: string) {
    this.#help = help;
  }

  /** The values of these options, of which one is `help`; an option that is not among them is refused. */
  read<const T extends Options>(options: T) {
    const { values } = this.#try(() => parseArgs({ options }));
    if ("help" in values && values.help === true) {
      console.log(this.#help);
      process.exit(0);
    }
    return values;
  }

  whole(flag: string, text: string): number {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(value) ? value : this.refuse(`${flag} takes a whole number, not "${text}"`);
  }

  /** Files that a run will write in its end must be such as can be written: it may take half an hour. */
  outputs(files: Readonly<Record<string, string | undefined>>): void {
    for (const [flag, file] of Object.entries(files)) {
      if (file !== undefined) this.#try(() => checkWritable(file), `${flag} ${file} cannot be written: `);
    }
  }

  needsRedis(): void {
    if (findRedisServer() !== undefined) return;
    this.refuse(
      "there is no redis-server on PATH: install Redis (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis)",
    );
  }

  refuse(why: string): never {
    console.error(`error: ${why}\n\n${this.#help}`);
    process.exit(2);
  }

  #try<T>(work: () => T, before = ""): T {
    try {
      return work();
    } catch (error) {
      return this.refuse(before + (error instanceof Error ? error.message : String(error)));
    }
  }
}
