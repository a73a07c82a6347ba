import type { Background } from "../../src/model/ports.ts";
import type { Deadlines } from "./deadlines.ts";

/** Up to this length a body ends so soon that its lease may end with the headers. Bytes. */
const SHORT = 64 * 1024;
/** Bytes that are handed on at once where somebody must watch them. */
const PIECE = 64 * 1024;

/** Responses whose bodies are as the pod sent them, whatever their Content-Encoding. */
const held = new WeakSet<Response>();

export function isHeld(response: Response): boolean {
  return held.has(response);
}

/**
 * Holds a lease to the end of the body, by native streams only: a JavaScript one would cost ten times as much, and is
 * used only where a body may not stand still. FixedLengthStream keeps a cut body cut for the client. A 101 has none:
 * there the lease ends with the headers.
 *
 * @param idle how long nothing may come of the body before it is cut; undefined: for ever. Milliseconds
 */
export function hold(
  response: Response,
  release: () => void,
  background: Background,
  deadlines: Deadlines,
  idle: number | undefined,
): Response {
  const { body, headers, status } = response;
  const length = lengthOf(headers);
  const short = idle === undefined && length !== undefined && length <= SHORT;
  if (body === null || short) {
    release();
    held.add(response);
    return response;
  }
  const through = length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
  const done =
    idle === undefined
      ? body.pipeTo(through.writable)
      : watch(body, through.writable, idle, deadlines, background);
  // Without waitUntil the lease would leak when the client goes away.
  background.waitUntil(done.then(release, release));
  const statusText = reasonOf(response);
  const again = new Response(through.readable, { status, statusText, headers, encodeBody: "manual" });
  held.add(again);
  return again;
}

/**
 * How long a body is; undefined where its chunks tell, whatever else is said (RFC 9112, 6.3), or nothing that can be true.
 * The runtime joins a length that came twice to one value, and takes none that differ.
 */
function lengthOf(headers: Headers): number | undefined {
  const [text] = headers.get("content-length")?.split(",") ?? [];
  if (text === undefined || headers.has("transfer-encoding")) return undefined;
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : undefined;
}

/** Why a response has its status, as far as a Response can be made with it: of a tab, which may stand there, none can. */
export function reasonOf({ statusText }: Response): string {
  return /^[ -~]*$/.test(statusText) ? statusText : "";
}

/** Hands a body on, and cuts it when its pod is silent for too long: the client sees a cut, not an end. */
async function watch(
  body: ReadableStream,
  writable: WritableStream,
  idle: number,
  deadlines: Deadlines,
  background: Background,
): Promise<void> {
  const reader = body.getReader({ mode: "byob" });
  const writer = writable.getWriter();
  let expire = () => {};
  let silent = false;
  // Another request sweeps, whose code may not touch these streams.
  const end = new Promise<void>((resolve) => {
    expire = resolve;
  }).then(() => {
    silent = true;
    return reader.cancel();
  });
  end.catch(() => undefined);
  let buffer = new ArrayBuffer(PIECE);
  for (;;) {
    const wait = deadlines.add(idle, expire, background);
    const piece = await reader.read(new Uint8Array(buffer)).catch(() => undefined);
    deadlines.delete(wait);
    if (piece === undefined || silent) return writer.abort(new Error("the pod's body was cut"));
    if (piece.done) return writer.close();
    // A client that reads slowly has its time: a pod that waits for it is not silent. One that is gone wants no more.
    await writer.write(piece.value).catch((gone: unknown) => {
      reader.cancel().catch(() => undefined);
      throw gone;
    });
    buffer = piece.value.buffer as ArrayBuffer;
  }
}
