import { readFileSync } from "node:fs";
import { userPath } from "../../serve/user-path.ts";
import { Failure } from "../failure.ts";

/** A text from a file of the caller's, or from stdin by `-`. */
export function readText(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : userPath(path), "utf8");
  } catch (error) {
    throw new Failure("usage", `${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** How a config is sent: JSON is YAML, too. */
export const YAML = { "content-type": "application/yaml" };

export const FILES = {
  file: {
    type: "string",
    alias: "f",
    description:
      "The config, native or of Kubernetes objects, YAML or JSON; more files may follow; - for stdin",
    required: true,
  },
} as const;

/** Every file of a command line: each after its -f, and words. */
export function filesIn(raw: readonly string[]): string[] {
  return raw
    .filter((word) => word === "-" || !word.startsWith("-") || /^--?f(?:ile)?=/.test(word))
    .map((word) => word.replace(/^--?f(?:ile)?=/, ""));
}

/** All files as one text of several documents; one alone as it is. */
export function readAll(raw: readonly string[]): string {
  return filesIn(raw).map(readText).join("\n---\n");
}

/** What became of a config, in words. */
export function noticesIn(notices: readonly { object: string; path: string; message: string }[]): string[] {
  return notices.map(
    ({ object, path, message }) => `note: ${[object, path].filter(Boolean).join(": ")}: ${message}`,
  );
}
