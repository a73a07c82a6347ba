import { type EdgeOptions, TestEdge } from "./edge.ts";
import { backendKey, liveConfig, type Mode, md5 } from "./live-cookies.ts";
import { ReferenceKetama } from "./reference/ketama.ts";

/** A backend of three pods, to which ingress-nginx had bound its clients. */
export const BACKEND = "shop-cart-80";
export const ENDPOINTS = ["10.1.0.11:8080", "10.1.0.12:8080", "10.1.0.13:8080"];
/** Keys of balanced mode and where ingress-nginx has them in the ring of these endpoints. */
export const THIRD = "1757698459.933.11660.565530";
export const FIRST = "1735755933.88369.842884";
export const SECOND = "1750491988.316.2333.423486";
export const RING = new ReferenceKetama(ENDPOINTS.map((id) => ({ id, weight: 1 })));
export const idOf = (endpoint: string) => endpoint.replace(":", "-");
/** The ids of the pods. */
export const [P0, P1, P2] = ENDPOINTS.map(idOf) as [string, string, string];
/** What persistent mode issued for an endpoint. */
export const named = (endpoint: string) => `INGRESSCOOKIE=${md5(BACKEND + endpoint)}|${backendKey(BACKEND)}`;

export async function start(mode: Mode, more: Partial<EdgeOptions> = {}, cookie: object = {}) {
  return TestEdge.start({ config: liveConfig(mode, BACKEND, ENDPOINTS, cookie), ...more });
}

/** The pod that a request with this Cookie header reaches. */
export async function reached(edge: TestEdge, cookie: string): Promise<string> {
  const answer = await edge.ask("http://shop.test/", { headers: { cookie } });
  await answer.text();
  return edge.shipped.at(-1)!.pod.id;
}
