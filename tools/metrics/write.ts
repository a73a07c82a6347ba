import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../build/root.ts";
import { dashboard } from "./grafana.ts";
import { rulesFile } from "./prometheus.ts";

/** What is made of the catalog and the rules, by its place in the repository. */
export const MADE: Readonly<Record<string, () => string>> = {
  "deploy/prometheus-rules.yaml": rulesFile,
  "deploy/grafana-dashboard.json": dashboard,
};

/** npm run metrics */
if (import.meta.filename === process.argv[1]) {
  for (const [path, make] of Object.entries(MADE)) writeFileSync(join(root, path), make());
}
