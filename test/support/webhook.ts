import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const PATH = "/hook?secret=hunter2";

/** What the webhook of alerts is told. */
export interface Told {
  readonly rule: string;
  readonly pool: string;
  readonly state: string;
  readonly value: number;
}

/** Who is told of alerts: it hangs at its first call, fails at its second, leads elsewhere at its third, and hears from then on. */
export class Receiver {
  readonly told: Told[] = [];
  /** Where it was called, in order. */
  readonly paths: string[] = [];
  readonly #server: Server;
  readonly #hanging: ServerResponse[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = "";
      request.on("data", (piece) => (text += piece));
      request.on("end", () => this.#answer(request.url ?? "", text, response));
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${PATH}`;
  }

  /** What was told of one pool, in its order. */
  of(pool: string): Told[] {
    return this.told.filter((one) => one.pool === pool);
  }

  async stop(): Promise<void> {
    for (const response of this.#hanging) response.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(path: string, text: string, response: ServerResponse): void {
    const call = this.paths.push(path);
    if (call === 1) this.#hanging.push(response);
    else if (call === 2) response.writeHead(500).end("no");
    else if (call === 3) response.writeHead(302, { location: "/elsewhere" }).end();
    else {
      this.told.push(JSON.parse(text) as Told);
      response.end("ok");
    }
  }
}
