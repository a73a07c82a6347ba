import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { FILES, noticesIn, readAll, YAML } from "./file.ts";

interface Written {
  readonly revision: number;
  readonly notices: { object: string; path: string; message: string }[];
}

/** Only on the revision that it read: of two who apply at once one is told so. */
export const apply = command({
  name: "apply",
  description: "Replace the config",
  args: FILES,
  words: true,
  async run(_, { api, raw }) {
    const body = readAll(raw);
    const condition = await api.send("GET", "/config").then(
      ({ etag }) => ({ "if-match": etag }),
      (error: unknown) => {
        // There is none yet: then it is the first.
        if (error instanceof Failure && error.message.startsWith("There is no config yet"))
          return { "if-none-match": "*" };
        throw error;
      },
    );
    const { json } = await api.send<Written>("PUT", "/config", { body, headers: { ...YAML, ...condition } });
    return { json, text: [`Revision ${json.revision} is in force.`, ...noticesIn(json.notices)].join("\n") };
  },
});
