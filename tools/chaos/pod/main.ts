import { parseArgs } from "node:util";
import { startControl } from "./control.ts";
import { startFaultyPod } from "./pod.ts";

/** `node tools/chaos/pod/main.ts [--id NAME] [--port N] [--control N] [--seed N]`: a pod with faults, until a signal. */
const { values } = parseArgs({
  options: {
    id: { type: "string", default: "web-0" },
    port: { type: "string", default: "0" },
    control: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
  },
});
const pod = await startFaultyPod(values.id, { port: Number(values.port), seed: Number(values.seed) });
const control = await startControl(pod, Number(values.control));
console.log(JSON.stringify({ id: pod.id, url: pod.url, control: control.url }));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void Promise.all([control.stop(), pod.stop()]).then(() => process.exit(0));
  });
}
