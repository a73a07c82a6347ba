import { Agent, createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** Connections of one load generator. */
const WIDTH = 24;
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

/** Sends `requests` over keep-alive connections, each with the cookie of its first answer. */
async function load(url: string, requests: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: WIDTH });
  const once = (cookie: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { accept: "*/*", "user-agent": "bench", ...(cookie === "" ? {} : { cookie }) };
      httpRequest(url, { agent, headers }, (response) => {
        response.resume();
        response.on("end", () => resolve(response));
      })
        .on("error", reject)
        .end();
    });
  const first = await once("");
  const cookie = first.headers["set-cookie"]?.[0]?.split(";")[0] ?? "a=1";
  console.log("0");
  let left = requests;
  const worker = async () => {
    while (left-- > 0) {
      const { statusCode, headers } = await once(cookie);
      if (statusCode !== 200 || headers["set-cookie"] !== undefined)
        throw new Error(`not warm: ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  agent.destroy();
}

const [role, ...args] = process.argv.slice(2);
if (role === "pod") pod();
else await load(args[0]!, Number(args[1])).then(() => process.exit(0));
