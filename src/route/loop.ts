import type { Refusal } from "../model/refusal.ts";

/** A deployment's name in CDN-Loop (RFC 8586); the id tells it from others that it may rightly stand behind. */
export function loopMark(id: string): string {
  return `mooring;id=${id}`;
}

/**
 * Whether a request has come through this deployment before.
 *
 * @param loop the request's CDN-Loop: `cdn.example, mooring;id=1a2b3c4d`
 */
export function isLoop(loop: string, mark: string): boolean {
  return loop.split(",").some((item) => {
    const name = item.replace(/\s+/g, "").toLowerCase();
    return name === mark || name === "mooring";
  });
}

export const LOOP: Refusal = {
  status: 508,
  code: "loop",
  title: "This request has been here before",
  detail: "A pod's url, or what stands behind it, leads back to this edge: mend it in the config.",
  proxyStatus: "proxy_loop_detected",
};
