import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const FOLDER = new URL("./goldens/", import.meta.url);

/** `=== title`, a document, a line of dashes, and what parseConfig says of it, one line each. */
function cases(text: string): { title: string; document: string; expected: string }[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((block) => {
      const [head = "", expected = ""] = block.split(/^----------\n/m);
      const end = head.indexOf("\n");
      return { title: head.slice(0, end), document: head.slice(end + 1), expected: expected.trim() };
    });
}

function answer(document: string): string {
  const result = parseConfig(document, { authority: "edge.example.com:8443" });
  const lines = result.ok
    ? ["ok", ...result.notices.map((n) => `${n.level} ${n.object} ${n.path || "-"}: ${n.message}`)]
    : result.errors.map((e) => `${e.path || "-"} | ${e.message} | ${e.hint}`);
  return lines.join("\n");
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".txt"))) {
  describe(file, () => {
    const all = cases(readFileSync(new URL(file, FOLDER), "utf8"));
    it("holds cases", () => expect(all.length).toBeGreaterThan(0));
    it.each(all)("$title", ({ document, expected }) => expect(answer(document)).toBe(expected));
  });
}
