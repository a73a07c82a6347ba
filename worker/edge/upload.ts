/** Bytes that are handed on at once. */
const PIECE = 64 * 1024;

/** Who is to blame when a body does not get through. */
export type Blame = "client" | "pod";

/** A request body on its way to a pod, watched so that what goes wrong can be told apart. */
export interface Upload {
  readonly body: ReadableStream;
  /** Ends the request to the pod, so that no pod takes a part for the whole. */
  readonly signal: AbortSignal;
  abort(): void;
  /** Whom it waits for now; what a time-out says. */
  readonly waiting: () => Blame;
  /** Whether the client's side broke. */
  readonly broken: () => boolean;
}

/**
 * Hands a client's body on, piece by piece: a pipe would say that it failed, but not at which end. A body with
 * Content-Length stays one, or the pod would see other framing.
 *
 * @param progress called for each piece, and when all of it has been handed on: then it is the pod's turn to answer
 */
export function upload(body: ReadableStream, length: string | null, progress: () => void): Upload {
  const through = length === null ? new IdentityTransformStream() : new FixedLengthStream(Number(length));
  const controller = new AbortController();
  let waiting: Blame = "client";
  let broken = false;
  const pump = async () => {
    const reader = body.getReader({ mode: "byob" });
    const writer = through.writable.getWriter();
    let buffer = new ArrayBuffer(PIECE);
    for (;;) {
      waiting = "client";
      const piece = await reader.read(new Uint8Array(buffer)).catch(() => undefined);
      if (piece === undefined) {
        broken = true;
        // Not the writer's abort: that ends cleanly at the other side, and a cut body would look whole.
        controller.abort();
        return;
      }
      waiting = "pod";
      progress();
      if (piece.done) return writer.close();
      await writer.write(piece.value);
      buffer = piece.value.buffer as ArrayBuffer;
    }
  };
  // What the pod's side refuses, its fetch tells of.
  pump().catch(() => body.cancel().catch(() => undefined));
  return {
    body: through.readable,
    signal: controller.signal,
    abort: () => controller.abort(),
    waiting: () => waiting,
    broken: () => broken,
  };
}
