import type { Pod } from "../../src/model/pod.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Failure, Forwarder, Shipment } from "../../src/route/edge.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { hold, isHeld, reasonOf } from "./leases.ts";
import type { Sockets } from "./sockets.ts";
import { upload } from "./upload.ts";

/** Statuses with which Cloudflare itself answers for an origin that it could not reach. */
const UNREACHABLE = new Set([520, 521, 522, 523, 525, 526, 530]);
const CLOUDFLARE_TIMEOUT = 524;

/** Reaches pods by their url. `cloudflare`: an unreachable pod is a response there, not an exception. */
export function directForwarder(cloudflare: boolean, deadlines: Deadlines, sockets: Sockets): Forwarder {
  return {
    send: (shipment, background) => send(shipment, cloudflare, deadlines, background),
    gather: (body, timeout, background) => gather(body, timeout, deadlines, background),
    connects: (pod, path, timeout) => connects(pod, path, timeout, cloudflare),
    dress,
    pump: (response, watch, background) => sockets.pump(response, watch, background),
    hold: (response, release, background, idle) => hold(response, release, background, deadlines, idle),
  };
}

function send(
  shipment: Shipment,
  cloudflare: boolean,
  deadlines: Deadlines,
  background: Background,
): Promise<Response | Failure> {
  if (shipment.body === null && shipment.limit === undefined && !shipment.abort) {
    return sendPlain(shipment, cloudflare, deadlines, background);
  }
  // What is late is swept by another request, whose code may not touch what belongs to this one: it is ended here.
  let abort: (() => void) | undefined;
  const sent = new Promise<Response | Failure>((resolve) => {
    let wait: Deadline | undefined;
    let last: Deadline | undefined;
    let settled = false;
    const settle = (answer: Response | Failure) => {
      settled = true;
      if (wait !== undefined) deadlines.delete(wait);
      if (last !== undefined) deadlines.delete(last);
      resolve(answer);
    };
    const arm = (expire: () => void) => {
      if (wait !== undefined) deadlines.delete(wait);
      if (!settled) wait = deadlines.add(shipment.timeout, expire, background, shipment.forsake);
    };
    const limit = (expire: () => void) => {
      if (shipment.limit !== undefined) last = deadlines.add(shipment.limit, expire, background);
    };
    const late = () => settle("timeout");
    const { body, method, headers, pod, rest } = shipment;
    // 'manual': a redirect is the client's to follow, and must not lead this worker anywhere.
    const init: RequestInit = { method, headers, redirect: "manual" };
    // Of a response that is held: unpacked on its way it would not be as long as it says.
    if (shipment.held) init.encodeResponseBody = "manual";
    if (shipment.abort) {
      const controller = new AbortController();
      init.signal = controller.signal;
      abort = () => controller.abort();
    }
    const url = pod.url + rest;
    if (body === null || body instanceof Uint8Array) {
      arm(late);
      limit(late);
      fetch(url, body === null ? init : { ...init, body }).then(
        (response) => settle(classify(response, cloudflare)),
        (error: unknown) => settle(reason(error)),
      );
      return;
    }
    if (method === "GET" || method === "HEAD") {
      // fetch refuses a body here, and only a Request that came with one carries it, unless its method is named anew.
      delete init.method;
      arm(late);
      limit(late);
      const copy = shipment.request.clone();
      const read = watch(body);
      fetch(new Request(new Request(url, copy), init)).then(
        (response) => settle(classify(response, cloudflare)),
        async (error: unknown) => settle((await read()) ? "client" : reason(error)),
      );
      return;
    }
    // As long as the body moves it has time; a stop is told by whom it waited for.
    const sending = upload(body, shipment.request.headers.get("content-length"), () => arm(stopped));
    const stopped = () => settle(sending.waiting() === "client" ? "stalled" : "timeout");
    abort = sending.abort;
    arm(stopped);
    limit(stopped);
    fetch(url, { ...init, body: sending.body, signal: sending.signal }).then(
      (response) => settle(classify(response, cloudflare)),
      (error: unknown) => settle(sending.broken() ? "client" : reason(error)),
    );
  });
  if (abort === undefined) return sent;
  return sent.then((answer) => {
    if (answer === "timeout" || answer === "stalled") abort?.();
    return answer;
  });
}

/** What most requests are: without a body, with one time-out. */
function sendPlain(
  { pod, rest, method, headers, held, timeout, forsake }: Shipment,
  cloudflare: boolean,
  deadlines: Deadlines,
  background: Background,
): Promise<Response | Failure> {
  return new Promise((resolve) => {
    const wait = deadlines.add(timeout, () => resolve("timeout"), background, forsake);
    const init: RequestInit = held
      ? { method, headers, redirect: "manual", encodeResponseBody: "manual" }
      : { method, headers, redirect: "manual" };
    fetch(pod.url + rest, init).then(
      (response) => {
        deadlines.delete(wait);
        resolve(classify(response, cloudflare));
      },
      (error: unknown) => {
        deadlines.delete(wait);
        resolve(reason(error));
      },
    );
  });
}

/** Bytes of a body that are read only to see it break: what is not taken at both ends is kept. */
const WATCHED = 64 * 1024;
/** How much later than the pod's end the client's may tell that it broke. Milliseconds. */
const BESIDE = 10;

/** Reads a body beside the fetch that carries it; whether it has broken at the client's end. */
function watch(body: ReadableStream): () => Promise<boolean> {
  let broken = false;
  const reading = (async () => {
    const reader = body.getReader();
    for (let left = WATCHED; left > 0; ) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= (value as Uint8Array).length;
    }
    await reader.cancel();
  })().catch(() => {
    broken = true;
  });
  return async () => {
    await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, BESIDE))]);
    return broken;
  };
}

function gather(
  body: ReadableStream,
  timeout: number,
  deadlines: Deadlines,
  background: Background,
): Promise<Uint8Array | "client" | "stalled"> {
  return new Promise((resolve) => {
    const wait = deadlines.add(timeout, () => resolve("stalled"), background);
    new Response(body)
      .arrayBuffer()
      .then(
        (bytes) => resolve(new Uint8Array(bytes)),
        () => resolve("client"),
      )
      .finally(() => deadlines.delete(wait));
  });
}

function classify(response: Response, cloudflare: boolean): Response | Failure {
  const { status } = response;
  // Nobody asked to switch, or nothing came to switch to.
  if (status === 101 && !response.webSocket) return "garbage";
  if (status < 520) return response;
  // No Response can be made with such a status, so it could not carry a cookie either.
  if (status > 599) return "garbage";
  if (!cloudflare || response.headers.get("server") !== "cloudflare") return response;
  if (UNREACHABLE.has(status)) return "connect";
  return status === CLOUDFLARE_TIMEOUT ? "timeout" : response;
}

/**
 * workerd says `Network connection lost.` for refused, reset, closed and garbage alike, and an internal error for names
 * that do not resolve; none of these texts is for the client. A TypeError is about the request, not about the pod.
 */
function reason(error: unknown): Failure {
  return error instanceof TypeError ? "client" : "connect";
}

async function connects(pod: Pod, path: string, timeout: number, cloudflare: boolean): Promise<boolean> {
  try {
    const response = await fetch(pod.url + path, {
      headers: { "user-agent": "mooring-probe" },
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    await response.body?.cancel();
    return classify(response, cloudflare) !== "connect";
  } catch (error) {
    // A time-out is an open question: the pod may hang with the connection open, so nothing is known to be lost.
    return error instanceof Error && error.name === "TimeoutError";
  }
}

function dress(response: Response, headers: Headers): Response {
  const { status, webSocket } = response;
  if (webSocket) return new Response(null, { status, webSocket, headers });
  const init = { status, statusText: reasonOf(response), headers };
  // Packed as it is, it must not be packed once more.
  return new Response(response.body, isHeld(response) ? { ...init, encodeBody: "manual" } : init);
}
