import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createShop } from "./shop.ts";

/** Milliseconds; a change of a cart is answered only after its report. */
const REPORT_LIMIT = 2000;
const USAGE = "usage: node tools/demo/pod.ts --id web-0 --port 9001 [--control http://127.0.0.1:9000]";

/** The command line of a pod; exits with 2 when it is not complete. */
function readArguments(): { id: string; port: number; control: string | undefined } {
  const options = { id: { type: "string" }, port: { type: "string" }, control: { type: "string" } } as const;
  const { values } = parseArgs({ options });
  const port = Number(values.port);
  if (values.id === undefined || !/^[a-z0-9-]{1,63}$/.test(values.id) || !(port > 0 && port < 65_536)) {
    console.error(USAGE);
    process.exit(2);
  }
  return { id: values.id, port, control: values.control };
}

const { id, port, control } = readArguments();

/** Reports to the control server; false when that is silent. A shop without one, or with a silent one, goes on selling. */
async function report(body: object): Promise<boolean> {
  if (control === undefined) return true;
  try {
    const answer = await fetch(`${control}/report`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pod: id, pid: process.pid, ...body }),
      signal: AbortSignal.timeout(REPORT_LIMIT),
    });
    await answer.arrayBuffer();
    if (!answer.ok) console.error(`${id}: the control server answered ${answer.status}`);
    return true;
  } catch (error) {
    console.error(`${id}: the control server does not answer: ${(error as Error).message}`);
    return false;
  }
}

/** Says that the shop is open until it is heard: a pod that nobody heard of would be taken for one that did not start. */
async function announce(): Promise<void> {
  while (!(await report({ ready: true }))) await wait(200);
}

const server = createServer(
  createShop(id, async (visitor, items) => {
    await report({ visitor, items });
  }),
);
// Longer than any edge keeps an idle connection: were the pod the first to close one, a request could meet the closing.
server.keepAliveTimeout = 120_000;
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  void announce();
  if (!process.connected) console.log(`${id} sells at http://127.0.0.1:${port}`);
});

if (process.connected) {
  // The channel closes with the parent, however the parent ends: nothing is left running.
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole group, but it is the parent who says when a pod ends.
  process.on("SIGINT", () => server.closeIdleConnections());
}
