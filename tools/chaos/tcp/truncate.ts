import type { Link, TcpFault, Way } from "./fault.ts";

export interface TruncateOptions {
  /** So many bytes of a connection pass, counted from when the fault was switched on. */
  readonly bytes: number;
  readonly way?: Way;
  /** How it ends then: `close` looks orderly, `reset` does not. */
  readonly how?: "close" | "reset";
}

/** Ends a connection in the midst of what it carries, from what is behind unless said otherwise. */
export function truncate({ bytes, way = "down", how = "close" }: TruncateOptions): TcpFault {
  const left = new WeakMap<Link, number>();
  return {
    chunk(chunk, going, link) {
      if (going !== way) return chunk;
      const rest = left.get(link) ?? bytes;
      left.set(link, rest - chunk.length);
      if (rest - chunk.length > 0) return chunk;
      // Not before the bytes that may pass have left.
      setImmediate(() => (how === "close" ? link.close() : link.reset()));
      return rest > 0 ? chunk.subarray(0, rest) : undefined;
    },
  };
}
