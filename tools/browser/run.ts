import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { bundle } from "../build/bundle.ts";
import { root } from "../build/root.ts";
import { atLeast, type Gate, table } from "../fleet/gate.ts";
import { findRedisServer } from "../gateway/redis.ts";
import { access } from "./checks/access.ts";
import { doctor } from "./checks/doctor.ts";
import { looks } from "./checks/looks.ts";
import { lost } from "./checks/lost.ts";
import { many } from "./checks/many.ts";
import { operate } from "./checks/operate.ts";
import { findBrowser, MISSING } from "./chromium.ts";
import { type Scene, startScene, visitShop } from "./scene.ts";
import { shots } from "./shots.ts";

/** In their order: doctor goes before what leaves findings behind, and the last one replaces the config. */
const CHECKS = { access, doctor, operate, looks, lost, many } satisfies Record<
  string,
  (scene: Scene) => Promise<Gate[]>
>;
type Name = keyof typeof CHECKS;

/** `npm run browser -- [--quick] [--only NAME] [--screenshots] [--json FILE]`: ends with 1 when a check fails. */
const { values } = parseArgs({
  options: {
    json: { type: "string" },
    only: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    screenshots: { type: "boolean", default: false },
  },
});
const { only, quick } = values;
const executablePath = findBrowser(process.env);
const wrong = only.find((name) => !Object.hasOwn(CHECKS, name));
if (wrong !== undefined) {
  console.error(`error: --only takes ${Object.keys(CHECKS).join(", ")}`);
  process.exit(1);
}
if (executablePath === undefined || findRedisServer() === undefined) {
  console.error(executablePath === undefined ? MISSING : "error: a redis-server on PATH is needed");
  process.exit(1);
}

const dir = mkdtempSync(join(tmpdir(), "mooring-browser-"));
// A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up.
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
// A container's root may not make the sandbox that a browser wants; what it visits here is our own.
const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath, args });
const fleet = await startScene((await bundle({ outdir: join(dir, "worker"), minify: true })).dir);
const leave = visitShop(fleet);
const gates: Gate[] = [];
try {
  const scene: Scene = { browser, fleet, quick, say: (line) => console.log(`   ${line}`) };
  for (const name of Object.keys(CHECKS) as Name[]) {
    if (only.length > 0 && !only.includes(name)) continue;
    console.log(`── ${name}`);
    const own = await CHECKS[name](scene).catch((error: unknown) => {
      console.error(error);
      return [atLeast("came to its end", 0, 1, "runs")];
    });
    gates.push(...own.map((gate) => ({ ...gate, name: `${name}: ${gate.name}` })));
    // While pods, sessions and breaks are as many as a picture shows.
    if (name === "operate" && values.screenshots)
      gates.push(...(await shots(scene, join(root, "docs", "console"))));
  }
} finally {
  await leave();
  await browser.close();
  await fleet.stop();
}
console.log(`\n${table(gates)}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ gates }, null, 2)}\n`);
process.exitCode = gates.some(({ pass }) => pass === false) ? 1 : 0;
