import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openSession } from "./session.ts";

const BODY = "x".repeat(200);

/** A pod that answers 200 bytes, until its owner's pipe closes. */
function pod(): void {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume();
    response.setHeader("content-type", "text/plain");
    response.end(BODY);
  });
  server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
  process.stdin.resume().on("end", () => process.exit(0));
}

/** Sends `requests` of one warm session, and ends. */
async function load(url: string, requests: number): Promise<void> {
  const session = await openSession(url);
  console.log("0");
  await session.warm(requests);
  process.exit(0);
}

const [role, ...args] = process.argv.slice(2);
if (role === "pod") pod();
else await load(args[0]!, Number(args[1]));
