import type { TcpFault } from "./fault.ts";

/** New connections are accepted, and nothing is ever said on them; when the fault is lifted they are reset. */
export function halfOpen(): TcpFault {
  return {
    async open(link) {
      await link.over;
      link.reset();
    },
  };
}
