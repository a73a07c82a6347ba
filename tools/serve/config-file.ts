import { readFileSync } from "node:fs";
import { parseText } from "../../src/kubernetes/parse-text.ts";
import { StartError } from "./port.ts";
import { userPath } from "./user-path.ts";

/**
 * Reads a config file and refuses it, with every error at once, as the admin API would. Answers its text and what the
 * config says that has no effect. `own` is the edge's `host:port`. Throws StartError.
 */
export function readConfigFile(path: string, own: string): { text: string; notices: string[] } {
  let text: string;
  try {
    text = readFileSync(userPath(path), "utf8");
  } catch (error) {
    throw new StartError(`the config file cannot be read: ${(error as Error).message}`);
  }
  const parsed = parseText(text, { authority: own });
  if (!parsed.ok) {
    const lines = parsed.errors.map(({ path: where, message, hint }) => {
      return `  ${where || "(top)"}: ${message}${hint ? ` (${hint})` : ""}`;
    });
    throw new StartError(`the config file ${path} is not valid:\n${lines.join("\n")}`);
  }
  return {
    text,
    notices: parsed.notices.map(({ object, path, message }) =>
      [object, path, message].filter(Boolean).join(": "),
    ),
  };
}
