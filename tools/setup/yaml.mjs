import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./install.mjs";

const SOURCE = "node_modules/js-yaml/dist/js-yaml.mjs";
/** A declaration at the top of the module, to the line where the next thing begins. */
const DECLARATION = /^(const|var|let) ([\w$]+) = ([\s\S]*?);\n(?=\S)/gm;
/** Values that a bundler drops by itself when nobody uses them. */
const PLAIN = /^(?:\d|"|class|\/)/;
/** The excerpt of the text in an error, of which place and reason are all that is told: a bundler cannot see that. */
const UNREAD = /^\t+mark\.snippet = makeSnippet\(mark\);\n/m;

/**
 * The module with each of its values marked as one that may go when nobody uses it: a bundler cannot know that making a
 * schema or a tag changes nothing, and kept the whole of YAML 1.1 and of the writer for the parser's sake.
 */
export function shakeable(text) {
  return (
    text
      .replace(UNREAD, "")
      // The map stays with the package, and would not fit any more.
      .replace(/^\/\/# sourceMappingURL=.*\n?/m, "")
      .replace(DECLARATION, (whole, kind, name, value) =>
        PLAIN.test(value) ? whole : `${kind} ${name} = /* @__PURE__ */ (() => (${value}))();\n`,
      )
  );
}

/** Writes build/js-yaml.mjs, which bundles take in place of the package. Safe to run several at once. Throws SetupError. */
export function buildYaml(root) {
  if (!existsSync(join(root, SOURCE))) {
    throw new SetupError("js-yaml is not installed: run npm ci --ignore-scripts first");
  }
  const path = join(root, "build", "js-yaml.mjs");
  const text = shakeable(readFileSync(join(root, SOURCE), "utf8"));
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(`${path}-${process.pid}`, text);
  renameSync(`${path}-${process.pid}`, path);
}
