import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as they came, in order. */
  readonly raw: readonly string[];
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

/** One request over a real socket; headers such as Host are sent as given. */
export function call(url: string, { method = "GET", headers = {}, body }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const { statusCode = 0, headers: got, rawHeaders } = response;
        resolve({ status: statusCode, headers: got, raw: rawHeaders, body: text });
      });
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A client with a cookie jar: keeps what it is given, as a browser would on one host. */
export class Jar {
  readonly cookies = new Map<string, string>();

  async get(url: string, options: Call = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...options.headers, ...(cookie === "" ? {} : { cookie }) };
    const answer = await call(url, { ...options, headers });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
}

/** The parts of a Mooring-Decision header. */
export function decision(answer: Answer): Record<string, string> {
  const text = String(answer.headers["mooring-decision"] ?? "");
  const [outcome = "", ...pairs] = text.split("; ");
  return { outcome, ...Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string])) };
}
