import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

// workerd hangs up after 5 s of silence between two requests: a socket that was idle for nearly that long is not used again.
const agent = new Agent({ keepAlive: true, maxSockets: 512, timeout: 3500 });

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as they came, in order. */
  readonly raw: readonly string[];
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** Gives up after so many milliseconds, and rejects. */
  readonly timeout?: number;
}

/** Sends a request over a kept-alive socket; resolves with the response's head, its body still to come. */
export function open(url: string, options: Call = {}): Promise<IncomingMessage> {
  const { method = "GET", headers = {}, body, timeout } = options;
  return new Promise((resolve, reject) => {
    const signal = timeout === undefined ? {} : { signal: AbortSignal.timeout(timeout) };
    const request = httpRequest(url, { method, headers, agent, ...signal }, resolve);
    request.on("error", reject);
    request.end(body);
  });
}

/** One request and its whole answer. Rejects when the connection fails, or the answer is cut. */
export async function call(url: string, options: Call = {}): Promise<Answer> {
  const response = await open(url, options);
  let body = "";
  response.setEncoding("utf8");
  for await (const chunk of response) body += chunk;
  const { statusCode: status = 0, headers, rawHeaders: raw } = response;
  return { status, headers, raw, body };
}

/** A client with a cookie jar: keeps and drops what it is told, as a browser would on one host. */
export class Jar {
  readonly cookies: Map<string, string>;

  constructor(cookies: Iterable<readonly [string, string]> = []) {
    this.cookies = new Map(cookies);
  }

  /** The Cookie header, empty when there is nothing in it. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Another client that comes with the same cookies. */
  copy(): Jar {
    return new Jar(this.cookies);
  }

  async get(url: string, options: Call = {}): Promise<Answer> {
    const { cookie } = this;
    const headers = { ...options.headers, ...(cookie === "" ? {} : { cookie }) };
    const answer = await call(url, { ...options, headers });
    this.keep(answer.headers["set-cookie"] ?? []);
    return answer;
  }

  post(url: string, options: Call = {}): Promise<Answer> {
    return this.get(url, { ...options, method: "POST" });
  }

  /** Does as these Set-Cookie lines say. */
  keep(lines: readonly string[]): void {
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    const gone = attributes.some((attribute) => /^\s*max-age\s*=\s*(?:0|-.*)\s*$/i.test(attribute));
    if (gone) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(at + 1).trim());
  }
}

/** The parts of a Mooring-Decision header: `outcome`, and `pool`, `pod`, `from`, `cause`, `provisional`, `revision` where they are said. */
export function decision(answer: Answer): Record<string, string> {
  const text = String(answer.headers["mooring-decision"] ?? "");
  const [outcome = "", ...pairs] = text.split("; ");
  return { outcome, ...Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string])) };
}
