import type { Refusal } from "../model/refusal.ts";
import { BAD_BODY, STALLED } from "./problem.ts";
import type { Trip } from "./trip.ts";

/**
 * Why a GET or HEAD with a body of no stated length is not forwarded: workerd drops such a body without a word. One that
 * turns out to be empty passes, as some clients frame every request so. Undefined: it is empty.
 *
 * @param timeout for its first piece, milliseconds
 */
export function unsized(trip: Trip, body: ReadableStream, timeout: number): Promise<Refusal | undefined> {
  return new Promise((resolve) => {
    const cancel = trip.edge.after(timeout, () => resolve(STALLED));
    const settle = (refusal: Refusal | undefined) => {
      cancel();
      resolve(refusal);
    };
    body
      .getReader()
      .read()
      .then(
        ({ done }) => settle(done ? undefined : UNSIZED),
        () => settle(BAD_BODY),
      );
  });
}

const UNSIZED: Refusal = {
  status: 411,
  code: "unsized-body",
  title: "The length of the body is needed",
  detail: "Send a body of GET or HEAD with Content-Length.",
  proxyStatus: "http_request_error",
};
