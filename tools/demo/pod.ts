import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { createShop } from "./shop.ts";

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

/** Reports to the control server; a shop without one, or with a silent one, goes on selling. */
async function report(body: object): Promise<void> {
  if (control === undefined) return;
  try {
    const answer = await fetch(`${control}/report`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pod: id, pid: process.pid, ...body }),
      signal: AbortSignal.timeout(500),
    });
    await answer.arrayBuffer();
    if (!answer.ok) console.error(`${id}: the control server answered ${answer.status}`);
  } catch (error) {
    console.error(`${id}: the control server does not answer: ${(error as Error).message}`);
  }
}

const server = createServer(createShop(id, (visitor, items) => report({ visitor, items })));
// Longer than any edge keeps an idle connection: were the pod the first to close one, a request could meet the closing.
server.keepAliveTimeout = 120_000;
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  void report({ ready: true });
  if (!process.connected) console.log(`${id} sells at http://127.0.0.1:${port}`);
});

if (process.connected) {
  // The channel closes with the parent, however the parent ends: nothing is left running.
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole group, but it is the parent who says when a pod ends.
  process.on("SIGINT", () => server.closeIdleConnections());
}
