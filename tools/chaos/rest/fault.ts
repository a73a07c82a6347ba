import type { Socket } from "node:net";

/** What a client asked of the REST API. */
export interface RestCall {
  /** When it had come; milliseconds since this process began. */
  readonly at: number;
  /** `/`, `/pipeline`, `/multi-exec`, or a command as a path. */
  readonly path: string;
  readonly body: Buffer;
  /** The commands in it, names in upper case; empty when it cannot be read. */
  readonly commands: readonly (readonly string[])[];
}

export interface RestAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  /** Bytes that Content-Length promises, when those are more than there are: then the connection closes early. */
  readonly promised?: number;
}

/** One call on its way through the proxy. */
export interface Exchange {
  readonly call: RestCall;
  /** The connection of the client. */
  readonly socket: Socket;
  /** Resolves when the fault is lifted or the client has gone, whichever is first. */
  readonly over: Promise<unknown>;
  /** A fraction in 0..1 by the proxy's seed. */
  chance(): number;
  /** The answer of what is behind: another fault, or the store itself. */
  next(): Promise<RestAnswer | undefined>;
  /** Sends something else to the store itself, with the client's own headers. */
  ask(path: string, body: unknown): Promise<RestAnswer>;
}

/** Deals with one call; undefined when there will be no answer, because the connection has ended. */
export type RestFault = (exchange: Exchange) => Promise<RestAnswer | undefined>;

/** An answer of JSON. */
export function jsonAnswer(value: unknown, status = 200): RestAnswer {
  return { status, type: "application/json; charset=utf-8", body: Buffer.from(JSON.stringify(value)) };
}

/** The JSON of an answer. Throws a SyntaxError when it is none. */
export function jsonOf(answer: RestAnswer): unknown {
  return JSON.parse(answer.body.toString());
}

/** Ends the connection as a crash does, with a reset, and so without an answer. */
export function cut(socket: Socket): undefined {
  socket.resetAndDestroy();
  return undefined;
}
