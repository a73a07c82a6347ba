import { readFileSync } from "node:fs";

/**
 * The last line of a CI run, from vitest's JSON report and the exit codes of check and tests. The check counts as one;
 * so does a test file that could not be loaded, as none of its tests ran, and a failure that no test owns.
 */
export function count(report, check, tests) {
  let passed = 0;
  let failed = 0;
  for (const file of report?.testResults ?? []) {
    const results = file.assertionResults;
    passed += results.filter((result) => result.status === "passed").length;
    const broken = results.filter((result) => result.status === "failed").length;
    failed += broken === 0 && file.status === "failed" ? 1 : broken;
  }
  if (tests !== 0 && failed === 0) failed = 1;
  if (check === 0) passed += 1;
  else failed += 1;
  return { passed, failed };
}

function read(path) {
  const text = readFileSync(path, "utf8");
  return text === "" ? undefined : JSON.parse(text); // empty: the tests never began
}

const [path, check, tests] = process.argv.slice(2);
const { passed, failed } = count(read(path), Number(check), Number(tests));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
