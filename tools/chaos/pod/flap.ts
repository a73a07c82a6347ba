import type { PodFault } from "./fault.ts";

/** Fails every other run of `every` requests, the first run too: to be given the path of readiness alone. */
export function flap({ every = 1, status = 503 }: { every?: number; status?: number } = {}): PodFault {
  let asked = 0;
  return {
    request({ response, next }) {
      if (Math.floor(asked++ / every) % 2 === 1) return next();
      response.writeHead(status).end();
    },
  };
}
