import { startDemo } from "../../../tools/demo/demo.ts";

// A parent to be killed: starts the demo, says so, and waits.
const demo = await startDemo({ pods: 2, edge: "http://127.0.0.1:9" });
console.log(JSON.stringify(demo.config));
