/** A request body on its way to a pod, watched so that a failure can be told apart. */
export interface Upload {
  readonly body: ReadableStream;
  /** Ends the request to the pod when the client's side breaks, so that no pod takes a part for the whole. */
  readonly signal: AbortSignal;
  /** Whether the client's side broke. */
  readonly broken: () => boolean;
}

/**
 * Pipes a client's body by native streams. A body with Content-Length stays one, or the pod would see other framing.
 *
 * @param sent called once when all of it has been handed on: only then is it the pod's turn to answer
 */
export function upload(body: ReadableStream, length: string | null, sent: () => void): Upload {
  const through = length === null ? new IdentityTransformStream() : new FixedLengthStream(Number(length));
  const controller = new AbortController();
  let broken = false;
  // preventAbort: an aborted identity stream ends cleanly at its other side, and a cut body would look whole.
  body.pipeTo(through.writable, { preventAbort: true }).then(sent, () => {
    broken = true;
    controller.abort();
  });
  return { body: through.readable, signal: controller.signal, broken: () => broken };
}
