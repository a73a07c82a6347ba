import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseText } from "../../src/kubernetes/parse-text.ts";
import { userPath } from "../serve/user-path.ts";
import { EXPECTED } from "./expected.ts";
import { judge } from "./judge.ts";

/**
 * `MOORING_CORPUS=DIR npm run corpus`: each document of a folder of real Kubernetes YAML, taken or refused as its index
 * says. `--json FILE` writes what each came to.
 */
const given = process.env.MOORING_CORPUS;
if (given === undefined || given === "") {
  console.error("set MOORING_CORPUS to a folder of Kubernetes YAML, with an INDEX.md if it has one");
  process.exit(2);
}
const dir = userPath(given);
if (!existsSync(dir)) {
  console.error(`there is no folder ${given}`);
  process.exit(2);
}
const index = existsSync(join(dir, "INDEX.md")) ? readFileSync(join(dir, "INDEX.md"), "utf8") : "";

/** What the index says of a file that no expectation is written for: refused as a whole, or taken. */
function byIndex(name: string) {
  const line = index.split("\n").find((one) => one.startsWith(`- ${name} |`)) ?? "";
  return /rejected by field name/.test(line) ? { refused: [] } : {};
}

const results = readdirSync(dir)
  .filter((name) => /\.(?:ya?ml|json)$/.test(name))
  .sort()
  .map((name) => {
    const expected = EXPECTED[name];
    const result = parseText(readFileSync(join(dir, name), "utf8"));
    const wrong = judge(result, expected ?? byIndex(name));
    const verdict = result.ok ? "taken" : "refused";
    const told = result.ok ? `${result.notices.length} notices` : `${result.errors.length} errors`;
    console.log(
      `${wrong.length === 0 ? "ok " : "NOT"} ${name}: ${verdict}, ${told}${expected ? ", looked into" : ""}`,
    );
    for (const line of wrong) console.log(`      ${line}`);
    return { name, verdict, checked: expected !== undefined, wrong };
  });
const bad = results.filter(({ wrong }) => wrong.length > 0);
console.log(
  `${results.length} documents, ${results.length - bad.length} as they should be, ${bad.length} not`,
);
const at = process.argv.indexOf("--json");
const file = process.argv[at + 1];
if (at >= 0 && file !== undefined) writeFileSync(userPath(file), `${JSON.stringify({ results }, null, 2)}\n`);
if (bad.length > 0 || results.length === 0) process.exitCode = 1;
