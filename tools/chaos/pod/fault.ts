import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** One request at a pod, before anything is said to it. */
export interface PodExchange {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The connection; what is written to it directly goes past `response`, as a broken server would write. */
  readonly socket: Socket;
  /** Resolves when the fault is lifted or the client has gone, whichever is first. */
  readonly over: Promise<unknown>;
  /** A fraction in 0..1 by the pod's seed. */
  chance(): number;
  /** Hands the request on: to another fault, or to the pod itself. */
  next(): void;
}

/** What a fault can do to the pod when it is switched on or lifted. */
export interface PodLevers {
  readonly port: number;
  /** Refuses new connections, as a dead process does. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  /** Connections that are open now. */
  links(): Socket[];
  /** Those of them that are WebSockets. */
  webSockets(): Socket[];
}

/** What a fault does; a part that is missing leaves that as it is. */
export interface PodFault {
  begin?(levers: PodLevers): Promise<void> | void;
  lift?(levers: PodLevers): Promise<void> | void;
  request?(exchange: PodExchange): unknown;
  /** A WebSocket that has shaken hands. */
  webSocket?(socket: Socket): void;
}

/** The bytes of a response's head, and of what follows it. */
export function bytes(lines: readonly string[], body = ""): string {
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
