import type { Pod } from "../../src/model/pod.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Failure, Forwarder, Shipment } from "../../src/route/edge.ts";
import { Deadlines } from "./deadlines.ts";
import { hold } from "./leases.ts";

/** Statuses with which Cloudflare itself answers for an origin that it could not reach. */
const UNREACHABLE = new Set([520, 521, 522, 523, 525, 526, 530]);
const CLOUDFLARE_TIMEOUT = 524;

/** Reaches pods by their url. `cloudflare`: an unreachable pod is a response there, not an exception. */
export function directForwarder(cloudflare: boolean): Forwarder {
  const deadlines = new Deadlines();
  return {
    send: (shipment, background) => send(shipment, cloudflare, deadlines, background),
    connects: (pod, path, timeout) => connects(pod, path, timeout, cloudflare),
    dress,
    hold,
  };
}

function send(
  shipment: Shipment,
  cloudflare: boolean,
  deadlines: Deadlines,
  background: Background,
): Promise<Response | Failure> {
  const { pod, rest, method, headers, body, timeout } = shipment;
  return new Promise((resolve) => {
    const wait = deadlines.add(timeout, () => resolve("timeout"), background);
    // 'manual': a redirect is the client's to follow, and must not lead this worker anywhere.
    fetch(pod.url + rest, { method, headers, body, redirect: "manual" }).then(
      (response) => {
        deadlines.delete(wait);
        resolve(cloudflare ? classify(response) : response);
      },
      (error: unknown) => {
        deadlines.delete(wait);
        resolve(reason(error));
      },
    );
  });
}

function classify(response: Response): Response | Failure {
  if (response.status < 520 || response.headers.get("server") !== "cloudflare") return response;
  if (UNREACHABLE.has(response.status)) return "connect";
  return response.status === CLOUDFLARE_TIMEOUT ? "timeout" : response;
}

/**
 * workerd says `Network connection lost.` for refused, reset, closed and garbage alike, and an internal error for names
 * that do not resolve; none of these texts is for the client.
 */
function reason(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error);
  return /request stream|client disconnected|body.*(?:used|locked)/i.test(text) ? "client" : "connect";
}

async function connects(pod: Pod, path: string, timeout: number, cloudflare: boolean): Promise<boolean> {
  try {
    const response = await fetch(pod.url + path, {
      headers: { "user-agent": "mooring-probe" },
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    await response.body?.cancel();
    return !cloudflare || classify(response) !== "connect";
  } catch (error) {
    // A time-out is an open question: the pod may hang with the connection open, so nothing is known to be lost.
    return error instanceof Error && error.name === "TimeoutError";
  }
}

function dress(response: Response, headers: Headers): Response {
  const { status, statusText, webSocket } = response;
  if (webSocket) return new Response(null, { status, webSocket, headers });
  return new Response(response.body, { status, statusText, headers });
}
