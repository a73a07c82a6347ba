import { bare } from "../../src/route/client.ts";

/**
 * The address that connected. On Cloudflare CF-Connecting-IP is the platform's word; anywhere else a client can write
 * it, and raw workerd tells the peer in `request.cf.clientIp`.
 */
export function peerOf(cloudflare: boolean): (request: Request) => string | undefined {
  if (cloudflare) return (request) => request.headers.get("cf-connecting-ip") ?? undefined;
  return (request) => {
    const text = (request.cf as { clientIp?: unknown } | undefined)?.clientIp;
    return typeof text === "string" ? bare(text) : undefined;
  };
}
