import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../build/bundle.ts";
import type { Lifetime } from "./lifetime.ts";
import { freePort } from "./port.ts";
import { type Running, runProgram } from "./program.ts";
import { type ServeOptions, serveEnv, serveOptions, USAGE } from "./serve-options.ts";
import { openState } from "./state.ts";
import { startWorkerd } from "./workerd.ts";

async function serve(options: ServeOptions, lifetime: Lifetime): Promise<Running> {
  const { role, host } = options;
  const env = serveEnv(options, process.env);
  const port = await freePort(options.port, host);
  const temporary = lifetime.own(mkdtempSync(join(tmpdir(), "mooring-serve-")), (dir) =>
    rmSync(dir, { recursive: true, force: true }),
  );
  const stateDir =
    role === "edge"
      ? undefined
      : options.state === undefined
        ? join(temporary, "state")
        : lifetime.own(openState(options.state), (opened) => opened.close()).dir;
  const { dir: bundleDir } = await bundle({ outdir: join(temporary, "worker"), minify: true });
  const workerd = lifetime.own(
    await startWorkerd({ role, port, host, env, bundleDir, ...(stateDir === undefined ? {} : { stateDir }) }),
    (started) => started.stop(),
  );
  const kept = role === "edge" ? "" : `, state ${options.state === undefined ? "temporary" : stateDir}`;
  console.log(`Mooring ${role} is ready at ${workerd.url} (process ${workerd.pid}${kept})`);
  return { died: workerd.ended.then((code) => `workerd ended by itself (code ${code})`) };
}

await runProgram(async (lifetime) => {
  const options = serveOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
    lifetime.ask();
    return {};
  }
  return serve(options, lifetime);
});
