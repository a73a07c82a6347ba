import { connect, type Socket } from "node:net";
import { abort } from "../abort.ts";
import type { Way } from "./fault.ts";

/** What is done to a connection, asked anew at each step: faults come and go while it is open. */
export interface Treatment {
  /** Before what is behind is connected to. */
  open(): Promise<void>;
  /** With bytes as they come in; called for the next before it has resolved for these. */
  chunk(chunk: Buffer, way: Way): Promise<Buffer | undefined>;
  /** Before a side hears that the other has closed. */
  end(way: Way): Promise<void>;
}

/** Bytes that may be under way in one direction before their sender must wait. */
const UNDER_WAY = 1 << 20;

/** One connection: the client's socket, and from when it is connected the one to what is behind. */
export class Wire {
  /** Resolves when both ends have closed. */
  readonly gone: Promise<void>;
  readonly #client: Socket;
  readonly #treatment: Treatment;
  #behind: Socket | undefined;
  #left = (): void => undefined;
  /** What is under way, by direction: each step waits for the one before. */
  readonly #queues: Record<Way, Promise<unknown>> = { up: Promise.resolve(), down: Promise.resolve() };

  /** @param client accepted and paused */
  constructor(client: Socket, treatment: Treatment) {
    this.#client = client;
    this.#treatment = treatment;
    this.gone = new Promise((resolve) => {
      this.#left = resolve;
    });
    // Its loss is told by the close that follows.
    client.on("error", () => undefined);
    client.once("close", () => this.#maybeGone());
  }

  async connect(port: number, host: string): Promise<void> {
    await this.#treatment.open();
    if (this.#client.destroyed) return;
    const behind = connect({ port, host, allowHalfOpen: true, noDelay: true });
    this.#behind = behind;
    behind.on("error", () => undefined);
    behind.once("close", () => this.#maybeGone());
    this.#pump(this.#client, behind, "up");
    this.#pump(behind, this.#client, "down");
  }

  reset(): void {
    abort(this.#client);
    if (this.#behind !== undefined) abort(this.#behind);
  }

  /** Orderly, when what came in so far has gone out. */
  close(): void {
    void Promise.all(Object.values(this.#queues)).then(() => {
      this.#client.destroySoon();
      this.#behind?.destroySoon();
    });
  }

  #pump(from: Socket, to: Socket, way: Way): void {
    let underWay = 0;
    const next = (step: () => unknown) => {
      this.#queues[way] = this.#queues[way].then(step);
    };
    from.on("data", (chunk: Buffer) => {
      underWay += chunk.length;
      if (underWay > UNDER_WAY) from.pause();
      // Treated from now on, together with those before it, and sent on in its turn; that it has a turn comes first.
      const treated = Promise.resolve().then(() => this.#treatment.chunk(chunk, way));
      next(async () => {
        const bytes = await treated;
        if (bytes !== undefined && bytes.length > 0 && to.writable) await written(to, bytes);
        underWay -= chunk.length;
        if (underWay <= UNDER_WAY) from.resume();
      });
    });
    const finish = (last: () => unknown) => {
      next(() => this.#treatment.end(way));
      next(last);
    };
    from.once("end", () => finish(() => to.end()));
    // Without an end before it, it was a reset, or nobody was there to connect to.
    from.once("close", () => {
      if (!from.readableEnded) finish(() => abort(to));
    });
    from.resume();
  }

  #maybeGone(): void {
    const { destroyed } = this.#client;
    if (destroyed && (this.#behind === undefined || this.#behind.destroyed)) this.#left();
  }
}

/** Resolves when the system has taken the bytes, or the socket is no more. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}
