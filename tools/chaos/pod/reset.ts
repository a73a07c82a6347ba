import { abort } from "../abort.ts";
import type { PodFault } from "./fault.ts";

/** Resets the connection when a request has come, before a byte is said. */
export function reset(): PodFault {
  return { request: ({ socket }) => abort(socket) };
}
