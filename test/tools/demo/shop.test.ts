import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createShop } from "../../../tools/demo/shop.ts";

interface Cart {
  pod: string;
  visitor: string;
  items: string[];
  since: number;
  lost: boolean;
  had?: { pod: string; items: number };
}

const servers: Server[] = [];
let reports: [string, number][] = [];

async function open(id: string): Promise<string> {
  const server = createServer(createShop(id, async (visitor, items) => void reports.push([visitor, items])));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let url: string;
beforeEach(async () => {
  reports = [];
  url = await open("web-0");
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const JSON_TYPE = { "content-type": "application/json" };

async function add(
  base: string,
  cookie: string,
  item: unknown,
): Promise<{ cart: Cart; cookie: string; status: number }> {
  const headers = { ...JSON_TYPE, cookie };
  const response = await fetch(`${base}/cart`, { method: "POST", headers, body: JSON.stringify({ item }) });
  return { cart: (await response.json()) as Cart, cookie: cookieOf(response), status: response.status };
}

async function look(base: string, cookie: string): Promise<{ cart: Cart; cookie: string }> {
  const response = await fetch(`${base}/cart`, { headers: { cookie } });
  return { cart: (await response.json()) as Cart, cookie: cookieOf(response) };
}

function cookieOf(response: Response): string {
  return (response.headers.getSetCookie()[0] ?? "").split(";")[0]!;
}

test("a cart grows, is looked at and is emptied, under one cookie", async () => {
  const first = await add(url, "", " rope ");
  expect(first.status).toBe(201);
  expect(first.cart).toMatchObject({ pod: "web-0", items: ["rope"], lost: false });
  const second = await add(url, `other=1; ${first.cookie}; mooring=x`, "sail");
  expect(second.cart.visitor).toBe(first.cart.visitor);
  expect((await look(url, second.cookie)).cart).toMatchObject({
    items: ["rope", "sail"],
    since: first.cart.since,
  });
  const emptied = await fetch(`${url}/cart`, { method: "DELETE", headers: { cookie: second.cookie } });
  expect(((await emptied.json()) as Cart).items).toEqual([]);
  expect((await look(url, cookieOf(emptied))).cart).toMatchObject({ items: [], lost: false });
  const { visitor } = first.cart;
  expect(reports).toEqual([
    [visitor, 1],
    [visitor, 2],
    [visitor, 0],
  ]);
});

test("the cookie is HttpOnly, and what others see of a visitor does not contain its secret", async () => {
  const response = await fetch(`${url}/cart`);
  const line = response.headers.getSetCookie()[0]!;
  expect(line).toMatch(/^shop=[0-9a-f]{32}\.web-0\.0; Path=\/; HttpOnly; SameSite=Lax$/);
  const { visitor } = (await response.json()) as Cart;
  expect(visitor).toMatch(/^[0-9a-f]{8}$/);
  expect(line).not.toContain(visitor);
});

test("two visitors have two carts", async () => {
  const one = await add(url, "", "rope");
  const two = await add(url, "", "sail");
  expect((await look(url, one.cookie)).cart.items).toEqual(["rope"]);
  expect((await look(url, two.cookie)).cart.items).toEqual(["sail"]);
});

test("another pod says that the cart was lost, and with whom, until something new is in it", async () => {
  const before = await add(url, (await add(url, "", "rope")).cookie, "sail");
  const other = await open("web-1");
  const first = await look(other, before.cookie);
  expect(first.cart).toMatchObject({ pod: "web-1", items: [], lost: true, had: { pod: "web-0", items: 2 } });
  const again = await look(other, first.cookie);
  expect(again.cart).toMatchObject({ lost: true, had: { pod: "web-0", items: 2 } });
  const bought = await add(other, again.cookie, "tar");
  expect(bought.cart).toMatchObject({ items: ["tar"], lost: true });
  const after = await look(other, bought.cookie);
  expect(after.cart).toMatchObject({ items: ["tar"], lost: false });
  expect(after.cart).not.toHaveProperty("had");
});

test("loading the page does not make the shop forget that a cart was lost", async () => {
  const { cookie } = await add(url, "", "rope");
  const other = await open("web-1");
  const page = await fetch(`${other}/`, { headers: { cookie } });
  expect(await page.text()).toContain("<!doctype html>");
  expect((await look(other, cookieOf(page))).cart.lost).toBe(true);
});

test("a pod that lost its memory says so even of its own carts", async () => {
  const { cookie } = await add(url, "", "rope");
  const reborn = await open("web-0");
  expect((await look(reborn, cookie)).cart).toMatchObject({ lost: true, had: { pod: "web-0", items: 1 } });
});

test.each([
  "shop=",
  "shop=zz.web-0.3",
  `shop=${"a".repeat(32)}.web-0.9999`,
  `xshop=${"a".repeat(32)}.web-0.3`,
])("%s is nobody's cookie", async (cookie) => {
  const { cart, cookie: fresh } = await look(url, cookie);
  expect(cart.lost).toBe(false);
  expect(fresh).not.toContain("a".repeat(32));
});

test.each([
  [400, JSON_TYPE, "{}"],
  [400, JSON_TYPE, "null"],
  [400, JSON_TYPE, '{"item":7}'],
  [400, JSON_TYPE, '{"item":"  "}'],
  [400, JSON_TYPE, JSON.stringify({ item: "x".repeat(41) })],
  [400, JSON_TYPE, "{"],
  [413, JSON_TYPE, JSON.stringify({ item: "x".repeat(5000) })],
  [415, { "content-type": "text/plain" }, '{"item":"rope"}'],
])("refuses with %i %o %s", async (status, headers, body) => {
  const response = await fetch(`${url}/cart`, { method: "POST", headers, body });
  expect(response.status).toBe(status);
  expect(await response.json()).toHaveProperty("error");
  expect(reports).toEqual([]);
});

test("a cart has an end", async () => {
  let cookie = "";
  for (let i = 0; i < 50; i++) cookie = (await add(url, cookie, "rope")).cookie;
  expect((await add(url, cookie, "rope")).status).toBe(409);
  expect((await look(url, cookie)).cart.items).toHaveLength(50);
});

test("whoami tells the headers that arrived, ready is 200, the rest is 404 or 405 as JSON", async () => {
  const who = await fetch(`${url}/whoami`, { headers: { "x-thing": "1" } });
  expect(await who.json()).toMatchObject({ pod: "web-0", headers: { "x-thing": "1" } });
  expect((await fetch(`${url}/ready?x=1`)).status).toBe(200);
  const nothing = await fetch(`${url}/cart/x`);
  expect([nothing.status, nothing.headers.get("content-type")]).toEqual([
    404,
    "application/json; charset=utf-8",
  ]);
  const wrong = await fetch(`${url}/cart`, { method: "PUT" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, POST, DELETE"]);
});

test("events tick", async () => {
  const abort = new AbortController();
  const response = await fetch(`${url}/events`, { signal: abort.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes('"tick":1')) text += (await reader.read()).value;
  expect(text).toBe('data: {"pod":"web-0","tick":0}\n\ndata: {"pod":"web-0","tick":1}\n\n');
  abort.abort();
});
