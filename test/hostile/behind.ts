import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../tools/build/bundle.ts";
import { startEdge } from "../../tools/hostile/edge.ts";
import { type Recorder, startRecorder } from "../../tools/hostile/recorder.ts";

/** The built worker in real workerd, and the pod behind it that takes nothing but the letter of RFC 9112. */
export interface Behind {
  readonly port: number;
  readonly recorder: Recorder;
  stop(): Promise<void>;
}

export async function startBehind(): Promise<Behind> {
  const dir = mkdtempSync(join(tmpdir(), "mooring-hostile-"));
  const recorder = await startRecorder();
  const edge = await startEdge((await bundle({ outdir: join(dir, "worker") })).dir, recorder.url);
  const stop = async () => {
    await edge.stop();
    await recorder.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { port: edge.port, recorder, stop };
}
