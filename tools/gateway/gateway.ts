import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, answerOf } from "./answer.ts";
import { BadRequest, type Command, parseCommand, parseCommands, parsePath } from "./command.ts";
import { type Link, openLink, type Reply, Unreachable } from "./link.ts";

export interface GatewayOptions {
  readonly redisUrl: string;
  /** What clients must send as their bearer token. */
  readonly token: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly host?: string;
}

export interface Gateway {
  /** For UPSTASH_REDIS_REST_URL. */
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** A request body may be so long, in bytes. */
const BODY = 10 * 1024 * 1024;

interface Output {
  readonly status: number;
  readonly body: Answer | Answer[];
}

/**
 * Serves a Redis over HTTP as Upstash does: POST / with one command, /pipeline, /multi-exec, and /command/argument….
 * Rejects when Redis cannot be reached or the port is taken; later losses are answered with 503 until Redis is back.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { redisUrl, token, port = 0, host = "127.0.0.1" } = options;
  if (token === "") throw new Error("the gateway needs a token");
  const link = await openLink(redisUrl);
  const expected = digest(`Bearer ${token}`);
  const server = createServer((request, response) => {
    handle(request, link, expected)
      .catch(failure)
      .then(({ status, body }) => {
        // What is left of a refused body is not read; the connection cannot serve another request.
        const close = request.complete ? {} : { connection: "close" };
        response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...close });
        response.end(JSON.stringify(body));
      });
  });
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    link.close();
    throw error;
  }
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, token, stop: () => stop(server, link) };
}

async function stop(server: Server, link: Link): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  link.close();
  await closed;
}

/** Hashed, so that comparing takes the same time whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function handle(request: IncomingMessage, link: Link, expected: Buffer): Promise<Output> {
  const authorization = request.headers.authorization ?? "";
  if (!timingSafeEqual(digest(authorization.replace(/^bearer /i, "Bearer ")), expected)) {
    throw new BadRequest("Unauthorized", 401);
  }
  const method = request.method ?? "";
  if (method !== "GET" && method !== "POST") throw new BadRequest("ERR only GET and POST", 405);
  const url = new URL(request.url ?? "/", "http://gateway");
  const body = await read(request);
  const base64 = request.headers["upstash-encoding"] === "base64";
  const send = async (commands: Command[]) => (await link.send(commands)).map((one) => answerOf(one, base64));
  switch (url.pathname) {
    case "/":
      return single((await send([parseCommand(json(body))]))[0]!);
    case "/pipeline":
      return { status: 200, body: await send(parseCommands(json(body))) };
    case "/multi-exec":
      return transaction(
        await link.send(["MULTI" as const, ...parseCommands(json(body)), "EXEC" as const].map(bare)),
        base64,
      );
    default:
      return single((await send([parsePath(url.pathname, url.searchParams, body)]))[0]!);
  }
}

function bare(command: Command | "MULTI" | "EXEC"): Command {
  return typeof command === "string" ? [command] : command;
}

function single(answer: Answer): Output {
  return { status: "error" in answer ? 400 : 200, body: answer };
}

/** The last reply is EXEC's: a list with a reply for each command, or the error that ended the transaction. */
function transaction(replies: readonly Reply[], base64: boolean): Output {
  const exec = replies.at(-1)!;
  if (Array.isArray(exec)) return { status: 200, body: exec.map((one) => answerOf(one, base64)) };
  return single(
    exec instanceof Error ? { error: exec.message } : { error: "ERR the transaction was aborted" },
  );
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new BadRequest(`ERR the body is not JSON: ${String(error)}`);
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY) throw new BadRequest(`ERR the body is longer than ${BODY} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function failure(error: unknown): Output {
  if (error instanceof BadRequest) return { status: error.status, body: { error: error.message } };
  if (error instanceof Unreachable) return { status: 503, body: { error: error.message } };
  console.error("gateway:", error);
  return { status: 500, body: { error: "ERR the gateway failed" } };
}
