import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

/** How a pod is told to behave, over what each request asks of it. */
export interface Behaviour {
  /** What the readiness path says. */
  readonly ready: boolean;
  /** Milliseconds before each answer. */
  readonly delay: number;
  /** Where it is; "" is nowhere. */
  readonly zone: string;
  /** Milliseconds more, there and back, for a request whose X-From-Zone is another one. */
  readonly hop: number;
  /** Requests that are served at once; others wait for their turn. 0: all. */
  readonly slots: number;
  /** Status of each answer but readiness. */
  readonly status: number;
}

export const WELL: Behaviour = { ready: true, delay: 0, zone: "", hop: 0, slots: 0, status: 200 };

/** A request as it arrived; the id is its X-Request-Id, empty when it had none. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly id: string;
}

export interface PodApp {
  readonly listener: RequestListener;
  behave(change: Partial<Behaviour>): void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The pod's own session of this client: Mcp-Session-Id, SESSIONID, or what X-Client says. */
  readonly session: string | undefined;
}

/**
 * What a pod of the fleet serves, with a memory that dies with it:
 *
 * | path | answer |
 * |---|---|
 * | anything else | the pod's id and a line feed |
 * | `/ready` | 200 or 503 |
 * | `/login`, `/logout` | mints a SESSIONID cookie, takes it back |
 * | `/mcp` | POST without Mcp-Session-Id mints one; with one that is unknown 404; DELETE ends it |
 * | `/cart` | POST adds `?item=`, both answer `{ pod, boot, session, items }` of the session |
 * | `/transfer/begin`, `/transfer/confirm`, `/transfer/commit` | POST with `?id=`: the steps of one transfer, in order; 409 for one that this pod does not know, or out of order |
 * | `/visit?n=7` | `{ pod, boot, last }`: the number that the session's last visit left here, null for none; this one is left |
 * | `/sse?events=3&every=20` | so many server-sent events, each with the pod's id |
 * | `/slow?ms=500`, `/status?code=503`, `/reset`, `/headers` | what they say; the last as JSON |
 * | `/cut` | half of the body that its Content-Length promises, and a reset |
 * | `/cached` | the pod's id, which any cache may keep for a minute |
 *
 * @param boot tells one life of the pod from another
 * @param arrived is told of every request before anything is done with it
 */
export function podApp(id: string, boot: string, arrived: (arrival: Arrival) => void): PodApp {
  let behaviour = WELL;
  let minted = 0;
  let serving = 0;
  const waiting: (() => void)[] = [];
  const carts = new Map<string, string[]>();
  const transfers = new Map<string, string>();
  const visits = new Map<string, number>();
  const mint = () => {
    const session = `${id}.${boot}.${++minted}`;
    carts.set(session, []);
    return session;
  };
  const say = (response: ServerResponse, body: string | object, status = behaviour.status) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, {
      "content-type": typeof body === "string" ? "text/plain" : "application/json",
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  };

  const step = ({ response, session = "", query }: Exchange, before: string, after: string | undefined) => {
    const name = `${session} ${query.get("id")}`;
    const known = transfers.get(name) === before;
    if (known && after === undefined) transfers.delete(name);
    else if (known) transfers.set(name, after!);
    say(response, { pod: id, boot }, known ? behaviour.status : 409);
  };

  const paths: Record<string, (exchange: Exchange) => unknown> = {
    "/ready": ({ response }) => say(response, `${behaviour.ready}\n`, behaviour.ready ? 200 : 503),
    "/login": ({ response }) => {
      response.setHeader("set-cookie", `SESSIONID=${mint()}; Path=/; HttpOnly`);
      say(response, `${id}\n`);
    },
    "/logout": ({ response, session = "" }) => {
      carts.delete(session);
      response.setHeader("set-cookie", "SESSIONID=; Path=/; Max-Age=0");
      say(response, `${id}\n`);
    },
    "/mcp": ({ request, response, session }) => {
      if (session === undefined) {
        if (request.method !== "POST") return say(response, `${id}\n`, 400);
        response.setHeader("mcp-session-id", mint());
      } else if (!carts.has(session)) return say(response, `${id}\n`, 404);
      else if (request.method === "DELETE") carts.delete(session);
      return say(response, `${id}\n`);
    },
    "/cart": ({ request, response, session = "", query }) => {
      const items = carts.get(session) ?? [];
      if (request.method === "POST") carts.set(session, [...items, query.get("item") ?? "thing"]);
      say(response, { pod: id, boot, session, items: carts.get(session) ?? [] });
    },
    "/transfer/begin": ({ response, session = "", query }) => {
      transfers.set(`${session} ${query.get("id")}`, "begin");
      say(response, { pod: id, boot });
    },
    "/transfer/confirm": (exchange) => step(exchange, "begin", "confirm"),
    "/transfer/commit": (exchange) => step(exchange, "confirm", undefined),
    "/visit": ({ response, session = "", query }) => {
      say(response, { pod: id, boot, last: visits.get(session) ?? null });
      visits.set(session, Number(query.get("n")));
    },
    "/sse": ({ response, query }) => {
      let left = Number(query.get("events") ?? 3);
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.flushHeaders();
      const timer = setInterval(
        () => {
          if (left-- <= 0) response.end();
          else response.write(`data: ${id}\n\n`);
        },
        Number(query.get("every") ?? 20),
      );
      response.on("close", () => clearInterval(timer));
    },
    "/slow": ({ response, query }) => {
      setTimeout(() => say(response, `${id}\n`), Number(query.get("ms") ?? 500));
    },
    "/status": ({ response, query }) => say(response, `${id}\n`, Number(query.get("code") ?? 500)),
    "/reset": ({ request }) => request.socket.resetAndDestroy(),
    "/cut": ({ request, response }) => {
      response.writeHead(200, { "content-type": "text/plain", "content-length": 1000 });
      response.write("x".repeat(500));
      // Not before the half has left.
      setTimeout(() => request.socket.resetAndDestroy(), 20);
    },
    "/cached": ({ response }) => {
      response.setHeader("cache-control", "public, max-age=60");
      say(response, `${id}\n`);
    },
    "/headers": ({ request, response }) => say(response, request.headers),
  };

  const listener: RequestListener = (request, response) => {
    const url = new URL(request.url ?? "/", "http://pod");
    const { method = "" } = request;
    arrived({ method, path: url.pathname, id: String(request.headers["x-request-id"] ?? "") });
    request.resume();
    const exchange = { request, response, query: url.searchParams, session: sessionOf(request) };
    const answer = paths[url.pathname] ?? (() => say(response, `${id}\n`));
    const serve = () => {
      const wait = behaviour.delay + (isAway(request, behaviour.zone) ? behaviour.hop : 0);
      if (wait === 0) answer(exchange);
      else setTimeout(() => answer(exchange), wait);
    };
    if (behaviour.slots === 0) return serve();
    response.once("close", () => {
      serving--;
      waiting.shift()?.();
    });
    const begin = () => {
      serving++;
      serve();
    };
    if (serving < behaviour.slots) begin();
    else waiting.push(begin);
  };
  const behave = (change: Partial<Behaviour>) => {
    behaviour = { ...behaviour, ...change };
  };
  return { listener, behave };
}

function isAway({ headers }: IncomingMessage, zone: string): boolean {
  return zone !== "" && headers["x-from-zone"] !== undefined && headers["x-from-zone"] !== zone;
}

function sessionOf({ headers }: IncomingMessage): string | undefined {
  const header = headers["mcp-session-id"] ?? headers["x-client"];
  if (header !== undefined) return String(header);
  return /(?:^|;\s*)SESSIONID=([^;]+)/.exec(headers.cookie ?? "")?.[1];
}
