import { Agent, request as httpRequest, type IncomingMessage } from "node:http";

/** Connections of one session. */
const WIDTH = 32;

/** One client with many connections that all send its cookie. */
export interface Session {
  /** Sends so many requests; rejects when an answer is not 200, or sets a cookie: then it was not warm. */
  warm(requests: number): Promise<void>;
  close(): void;
}

/** What a bare worker is sent in place of a token: a cookie as long, so that both read the same request. */
const PLAIN = `mooring-plain00=${"x".repeat(96)}`;

/** Asks once, and keeps the cookie of the answer; a bare worker sets none. */
export async function openSession(url: string): Promise<Session> {
  const agent = new Agent({ keepAlive: true, maxSockets: WIDTH });
  const once = (cookie: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { accept: "*/*", "user-agent": "bench", ...(cookie === "" ? {} : { cookie }) };
      httpRequest(url, { agent, headers }, (response) => {
        response.resume();
        response.on("error", reject);
        response.on("end", () => resolve(response));
      })
        .on("error", reject)
        .end();
    });
  const first = await once("");
  if (first.statusCode !== 200) throw new Error(`${url} gave no session: ${first.statusCode}`);
  const cookie = first.headers["set-cookie"]?.[0]?.split(";")[0] ?? PLAIN;
  return {
    async warm(requests) {
      let left = requests;
      const connection = async () => {
        while (left-- > 0) {
          const { statusCode, headers } = await once(cookie);
          if (statusCode !== 200 || headers["set-cookie"] !== undefined)
            throw new Error(`${url} gave an answer that is not warm: ${statusCode}`);
        }
      };
      await Promise.all(Array.from({ length: WIDTH }, connection));
    },
    close: () => agent.destroy(),
  };
}
