import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Listed, WatchEvent } from "../../../../tools/cli/sync/events.ts";
import { Watch } from "../../../../tools/cli/sync/kubectl.ts";
import { Mirror } from "../../../../tools/cli/sync/mirror.ts";

const dir = mkdtempSync(join(tmpdir(), "mooring-kubectl-"));
beforeEach(() => void vi.stubEnv("PATH", `${dir}:${process.env.PATH}`));
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A kubectl: `on` waits for a file, `done` makes one. */
function kubectl(script: string): void {
  writeFileSync(
    join(dir, "kubectl"),
    `#!${process.execPath}
const { existsSync, writeFileSync } = require("node:fs");
const on = async (name) => { while (!existsSync("${dir}/" + name)) await new Promise((go) => setTimeout(go, 10)); };
const done = (name) => writeFileSync("${dir}/" + name, "");
const say = (value) => console.log(JSON.stringify(value));
const pod = (name, port) => ({ kind: "Service", metadata: { name }, spec: { port } });
const watches = process.argv.includes("--watch");
(async () => { ${script} })();
`,
  );
  chmodSync(join(dir, "kubectl"), 0o755);
}

it("what happens while the list is on its way is not undone by it: nobody would say it again", async () => {
  kubectl(`if (watches) {
    for (const name of ["a", "b"]) say({ type: "ADDED", object: pod(name, 1) });
    await on("listing");
    say({ type: "MODIFIED", object: pod("a", 2) });
    say({ type: "DELETED", object: pod("b", 1) });
    say({ type: "ADDED", object: pod("c", 1) });
    setInterval(() => {}, 1000);
  } else {
    done("listing");
    await on("seen");
    say({ kind: "List", items: [pod("a", 1), pod("b", 1)] });
  }`);
  const mirror = new Mirror();
  mirror.take({ type: "ADDED", object: { kind: "Service", metadata: { name: "gone before" } } });
  let listed = false;
  const event = (event: WatchEvent | Listed) => {
    mirror.take(event);
    if (event.object.metadata?.name === "c" && !listed) writeFileSync(join(dir, "seen"), "");
    listed ||= event.type === "LISTED";
  };
  const watch = new Watch("services", [], { event, say: () => undefined });
  const ended = watch.run();
  await vi.waitUntil(() => listed, { timeout: 20_000 });
  watch.stop();
  await ended;
  expect(mirror.list().items).toMatchObject([
    { metadata: { name: "a" }, spec: { port: 2 } },
    { metadata: { name: "c" } },
  ]);
}, 30_000);

it("is stopped at once where it waits to begin anew: a pod that is told to end has 30 s", async () => {
  kubectl("process.exit(1);");
  const said: string[] = [];
  const watch: Watch = new Watch(
    "services",
    [],
    {
      event: () => undefined,
      say: (line) => {
        said.push(line);
        watch.stop();
      },
    },
    1e9,
  );
  await watch.run();
  expect(said).toEqual(["the watch of services ended (kubectl ended with code 1): again in 30 s"]);
}, 20_000);
