import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { CART_LIMIT, type Cart, Carts } from "./carts.ts";
import { openStream, pathOf, readJson, sendEvent, sendJson } from "./http.ts";
import { loadPage, sendPage } from "./page.ts";
import { publicName, readVisitor, type Visitor, writeVisitor } from "./visitor.ts";

/** Tells whoever watches the demo that a cart has another size. Must not reject. */
export type CartReport = (visitor: string, items: number) => Promise<void>;

const BODY_LIMIT = 4096;
const METHODS: Readonly<Record<string, readonly string[]>> = {
  "/cart": ["GET", "HEAD", "POST", "DELETE"],
  "/whoami": ["GET", "HEAD"],
  "/ready": ["GET", "HEAD"],
  "/events": ["GET"],
};

function itemOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("item" in body)) return undefined;
  const item = typeof body.item === "string" ? body.item.trim() : "";
  return item.length >= 1 && item.length <= 40 ? item : undefined;
}

/**
 * The shop that one pod runs. Routes: `/` the page, `/cart`, `/whoami`, `/ready`, `/events`; anything else is 404.
 * A cart is `{ pod, visitor, items, since, lost }`; `lost` is true, and `had` says `{ pod, items }`, when the visitor's
 * cookie tells of a cart that this process has never held.
 */
export function createShop(id: string, report: CartReport): RequestListener {
  const carts = new Carts();
  const page = loadPage();

  function sendCart(
    response: ServerResponse,
    visitor: Visitor,
    cart: Cart,
    lost: boolean,
    status = 200,
  ): void {
    const held = cart.items.length > 0 || !lost;
    const cookie = held ? { ...visitor, pod: id, items: cart.items.length } : visitor;
    const had = lost ? { had: { pod: visitor.pod, items: visitor.items } } : {};
    const body = {
      pod: id,
      visitor: publicName(visitor),
      items: cart.items,
      since: cart.since,
      lost,
      ...had,
    };
    sendJson(response, status, body, { "set-cookie": writeVisitor(cookie) });
  }

  async function serveCart(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visitor = readVisitor(request.headers.cookie);
    const cart = carts.of(visitor.secret);
    const lost = visitor.items > 0 && cart.items.length === 0;
    if (request.method === "DELETE") {
      cart.items.length = 0;
      await report(publicName(visitor), 0);
      sendCart(response, visitor, cart, false);
      return;
    }
    if (request.method !== "POST") {
      sendCart(response, visitor, cart, lost);
      return;
    }
    const body = await readJson(request, BODY_LIMIT);
    if (!body.ok) return sendJson(response, body.status, { error: body.error });
    const item = itemOf(body.value);
    if (item === undefined) {
      return sendJson(response, 400, { error: 'send { "item": "…" } with 1 to 40 characters' });
    }
    if (cart.items.length >= CART_LIMIT) {
      return sendJson(response, 409, { error: `a cart holds at most ${CART_LIMIT} items` });
    }
    cart.items.push(item);
    // Told before the answer: whatever the visitor knows to be in the cart is counted when this pod is killed.
    await report(publicName(visitor), cart.items.length);
    sendCart(response, visitor, cart, lost, 201);
  }

  function serveEvents(response: ServerResponse): void {
    openStream(response);
    let tick = 0;
    sendEvent(response, { pod: id, tick });
    const timer = setInterval(() => {
      tick += 1;
      if (!sendEvent(response, { pod: id, tick })) response.destroy();
    }, 1000);
    response.on("close", () => clearInterval(timer));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    const method = request.method ?? "GET";
    if (method === "GET" || method === "HEAD") {
      const cookie = writeVisitor(readVisitor(request.headers.cookie));
      if (sendPage(response, page, path, path === "/" ? { "set-cookie": cookie } : {})) return;
    }
    const methods = METHODS[path];
    if (methods === undefined) return sendJson(response, 404, { error: "nothing is here", pod: id });
    if (!methods.includes(method)) {
      return sendJson(
        response,
        405,
        { error: `${path} takes ${methods.join(", ")}` },
        { allow: methods.join(", ") },
      );
    }
    if (path === "/cart") await serveCart(request, response);
    else if (path === "/whoami") sendJson(response, 200, { pod: id, headers: request.headers });
    else if (path === "/events") serveEvents(response);
    else sendJson(response, 200, { pod: id, ready: true });
  }

  return (request, response) => {
    serve(request, response).catch((error: Error) => {
      // A client that leaves in mid-body is its own business; anything else is a bug and should be seen.
      if (!request.destroyed) console.error(`${id}: ${error.stack ?? error.message}`);
      response.destroy();
    });
  };
}
