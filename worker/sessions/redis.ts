import { AnswerError, asList, asText } from "./answer.ts";

/** A Redis command: its name and arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]];

/** Redis over HTTP. Both reject when it is down, slow, lying, or has something against a command. */
export interface RedisClient {
  /** One command; its raw result. */
  run(...command: Command): Promise<unknown>;
  /** Several in one request, each with its result, in order. Others' commands may come in between. */
  pipeline(commands: readonly Command[]): Promise<readonly unknown[]>;
}

export interface RedisOptions {
  /** Base URL of the REST API of Upstash, or of a gateway that speaks it. */
  readonly url: string;
  readonly token: string;
  /** Milliseconds that one HTTP request may take, its body included. */
  readonly timeout?: number;
  /** Bytes that an answer may have; what is longer is not read to its end. */
  readonly most?: number;
  /** Called with how many commands a request has. */
  readonly sent?: (commands: number) => void;
}

/**
 * Speaks the REST protocol of Upstash: POST / with a command, POST /pipeline with a list of them, answered by `{ result }`
 * or `{ error }` for each. Asks once, follows no redirect, gives up in time, and says so by rejecting.
 */
export function redisClient({ url, token, timeout = 1000, most = 1 << 20, sent }: RedisOptions): RedisClient {
  const base = url.trim().replace(/\/+$/, "");
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  };
  const ask = async (path: string, body: readonly unknown[], commands: number): Promise<unknown> => {
    sent?.(commands);
    const response = await fetch(base + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      // Who redirects could have the token taken elsewhere.
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    const text = await read(response, most);
    if (!response.ok) throw new Error(refusal(text) ?? `the store answered ${response.status}`);
    // A replica that is behind what this client wrote last lets it wait, or asks another.
    const sync = response.headers.get("upstash-sync-token");
    if (sync) headers["upstash-sync-token"] = sync;
    try {
      return JSON.parse(text);
    } catch {
      // The parser's own words quote what it read.
      throw new Error("the store answered what is no JSON");
    }
  };
  return {
    run: async (...command) => resultOf(await ask("", command, 1)),
    pipeline: async (commands) =>
      asList(await ask("/pipeline", commands, commands.length), commands.length).map(resultOf),
  };
}

/** What Redis or its gateway said; never the command, which may hold the whole config with its salt. */
function reasonOf(error: string): string {
  return error.split(/, (?:command was|with args beginning with):/, 1)[0]!.slice(0, 200);
}

function refusal(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const told = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
    return typeof told === "string" ? reasonOf(told) : undefined;
  } catch {
    // A proxy in between, which speaks HTML: its status says it all.
    return undefined;
  }
}

function resultOf(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null) throw new AnswerError("{ result }", answer);
  if ("error" in answer) throw new Error(reasonOf(asText(answer.error)));
  if (!("result" in answer)) throw new AnswerError("{ result }", answer);
  return answer.result;
}

async function read(response: Response, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) return text + decoder.decode();
    length += piece.value.length;
    if (length > most) {
      await reader!.cancel().catch(() => undefined);
      throw new AnswerError(`at most ${most} bytes`, length);
    }
    text += decoder.decode(piece.value, { stream: true });
  }
}
