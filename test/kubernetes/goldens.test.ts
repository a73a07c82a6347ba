import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readDocument } from "../../src/config/document.ts";
import { parseText } from "../../src/kubernetes/parse-text.ts";
import { yamlOf } from "../../tools/cli/yaml.ts";

const FOLDER = new URL("./goldens/", import.meta.url);
/** `MOORING_GOLDENS=service,probes` writes into these files what comes out in place of what is expected. */
const WRITTEN = (process.env.MOORING_GOLDENS ?? "").split(",");
const DASHES = "----------\n";

interface Case {
  readonly title: string;
  readonly input: string;
  readonly expected: string;
}

/** `=== title`, documents, a line of ten dashes, and the native config with its notices, or the errors, as YAML. */
function cases(text: string): Case[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((block) => {
      const end = block.indexOf("\n");
      const dashes = block.indexOf(`\n${DASHES}`, end - 1);
      const stop = dashes < 0 ? block.length : dashes + 1;
      return {
        title: block.slice(0, end),
        input: block.slice(end + 1, stop),
        expected: dashes < 0 ? "" : block.slice(stop + DASHES.length).trimEnd(),
      };
    });
}

function answer(input: string): string {
  const result = parseText(input, { authority: "edge.example.com:8443" });
  const lines = (key: string, items: readonly string[]) =>
    items.length === 0 ? "" : `${key}:\n${items.map((item) => `  - ${JSON.stringify(item)}\n`).join("")}`;
  if (!result.ok)
    return lines(
      "errors",
      result.errors.map(({ path, message, hint }) => `${path} | ${message} | ${hint}`),
    ).trimEnd();
  const notices = result.notices.map(
    ({ level, object, path, message }) => `${level} ${object}: ${path || "-"}: ${message}`,
  );
  // What is printed is what is taken: it reads as the same document again.
  // Of each place once.
  expect(new Set(result.notices.map(({ object, path }) => `${object}: ${path}`)).size).toBe(
    result.notices.length,
  );
  expect(readDocument(yamlOf(result.document))).toEqual({ document: result.document });
  return (yamlOf(result.document) + lines("notices", notices)).trimEnd();
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".txt"))) {
  describe(file, () => {
    const url = new URL(file, FOLDER);
    const all = cases(readFileSync(url, "utf8"));
    const written = WRITTEN.includes(file.replace(".txt", ""));
    if (written) {
      const blocks = all.map(({ title, input }) => `=== ${title}\n${input}${DASHES}${answer(input)}\n`);
      writeFileSync(url, blocks.join("\n"));
    }
    it("holds cases", () => expect(all.length).toBeGreaterThan(0));
    it.skipIf(written).each(all)("$title", ({ input, expected }) => expect(answer(input)).toBe(expected));
  });
}
