import type { Background } from "../../src/model/ports.ts";

/** Up to this length a body ends so soon that its lease may end with the headers. Bytes. */
const SHORT = 64 * 1024;

/**
 * Holds a lease to the end of the body, by native streams only: a JavaScript one would cost ten times as much.
 * FixedLengthStream keeps a cut body cut for the client. A compressed body would be unpacked on the way through, and no
 * longer be as long as it says; a 101 has none: there the lease ends with the headers.
 */
export function hold(response: Response, release: () => void, background: Background): Response {
  const { body, headers } = response;
  const length = headers.get("content-length");
  const short = length !== null && Number(length) <= SHORT;
  if (body === null || short || headers.has("content-encoding")) {
    release();
    return response;
  }
  const through = length === null ? new IdentityTransformStream() : new FixedLengthStream(Number(length));
  // Without waitUntil the lease would leak when the client goes away.
  background.waitUntil(body.pipeTo(through.writable).then(release, release));
  const { status, statusText } = response;
  return new Response(through.readable, { status, statusText, headers });
}
