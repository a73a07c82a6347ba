import { parentPort } from "node:worker_threads";
import type { KindName } from "./kinds.ts";
import type { Model } from "./model.ts";
import { write } from "./script.ts";
import { runVirtually } from "./virtual.ts";

/** One run in virtual time. */
export interface Task {
  readonly model: Model;
  readonly kinds: readonly KindName[];
  /** Of what users, networks and pods do. */
  readonly script: number;
  /** Of what edges and network throw dice for. */
  readonly seed: number;
  readonly probe: string;
}

parentPort!.on("message", async ({ model, kinds, script, seed, probe }: Task) => {
  parentPort!.postMessage(await runVirtually({ script: write(model, script), kinds, seed, probe }));
});
