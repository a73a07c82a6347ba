/** `up`: from the client to what is behind; `down`: back. */
export type Way = "up" | "down";

/** One connection through the proxy, as a fault sees it. */
export interface Link {
  /** Resets both of its ends. */
  reset(): void;
  /** Closes both of its ends, in order, when what came in so far has gone out. */
  close(): void;
  /** Resolves when the fault is lifted or the connection has gone, whichever is first. */
  readonly over: Promise<unknown>;
  /** A fraction in 0..1 by the proxy's seed. */
  chance(): number;
}

/** What a fault can do to the proxy when it is switched on or lifted. */
export interface Levers {
  /** Connections that are open now and that the fault hits. */
  links(): Link[];
  /** Refuses new connections, as a dead process does. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
}

/** What a fault does; a part that is missing leaves that as it is. */
export interface TcpFault {
  begin?(levers: Levers): Promise<void> | void;
  lift?(levers: Levers): Promise<void> | void;
  /** A new connection, accepted already; what is behind is connected to when this resolves. */
  open?(link: Link): unknown;
  /** Bytes on their way, in order; resolves with those that go on, nothing to drop them. */
  chunk?(chunk: Buffer, way: Way, link: Link): Promise<Buffer | undefined> | Buffer | undefined;
  /** A side has closed; the other hears of it when this resolves. */
  end?(way: Way, link: Link): unknown;
}
