import type { PodState } from "../../src/health/state.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Token } from "../../src/sessions/token.ts";
import { cookiesOf, TestEdge } from "./edge.ts";

export const URL = "http://shop.test/";
export const config = (pods: number, pool: object = {}) => ({
  version: 1,
  explain: true,
  pools: {
    web: {
      pods: Array.from({ length: pods }, (_, i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
      ...pool,
    },
  },
  routes: [{ pool: "web" }],
});

/** An edge whose pods can die, and one session at it. */
export async function scene(pods: number, pool: object = {}, now?: () => number) {
  const dead = new Set<string>();
  const edge = await TestEdge.start({
    config: config(pods, pool),
    ...(now && { now }),
    pod: ({ pod: { id } }) => (dead.has(id) ? "connect" : new Response(id)),
    connects: (id) => !dead.has(id),
  });
  let cookie = "";
  const ask = async (method = "GET") => {
    const answer = await edge.ask(URL, { method, headers: cookie === "" ? {} : { cookie } });
    await edge.idle();
    const [set] = cookiesOf(answer);
    if (set !== undefined) cookie = set.join("=");
    const [outcome = "", ...pairs] = (answer.headers.get("mooring-decision") ?? "").split("; ");
    const parts = pairs.map((pair) => pair.split("=") as [string, string]);
    return { status: answer.status, outcome, ...Object.fromEntries(parts) } as Record<string, unknown>;
  };
  const home = String((await ask()).pod);
  const token = async () =>
    (await edge.edge.sealer.open("web", cookie.slice(cookie.indexOf("=") + 1)))!.token;
  /** Another cookie of the same session. */
  const carry = async (next: Token) => {
    const { plainName } = edge.view.scopes[0]!.cookie!;
    cookie = `${plainName}=${await edge.edge.sealer.seal("web", next)}`;
  };
  const podOf = (id: string) => edge.view.pools[0]!.pods.find(({ pod }) => pod.id === id)!.pod;
  const others = edge.view.pools[0]!.pods.map(({ pod }) => pod.id).filter((id) => id !== home);
  /** By an operator, as the store has it: no edge has heard of it. */
  const moveInStore = async (id: string) => {
    const { sid, exp } = await token();
    const { epoch, pod, created } = (await edge.store.read(sid))!;
    const to = podOf(id).tag;
    const times = { created, exp: exp * 1000, via: "web@*" };
    const cause = "moved-by-operator";
    await edge.store.swap({ op: "rebind", sid, epoch, pod, to, home: to, cause, ...times });
  };
  /** Puts pods into states of the shared view, by their ids; the others are ready. */
  const health = (states: Readonly<Record<string, PodState>>) =>
    edge.health(
      Object.fromEntries(Object.entries(states).map(([id, state]) => [tagToHex(podOf(id).tag), state])),
    );
  /** Tells how many compare-and-sets the store was asked for from now on. */
  const countSwaps = () => {
    const { swap } = edge.store;
    let asked = 0;
    edge.store.swap = (question) => {
      asked++;
      return swap.call(edge.store, question);
    };
    return () => asked;
  };
  return { edge, dead, ask, home, token, carry, podOf, others, moveInStore, health, countSwaps };
}

export type Scene = Awaited<ReturnType<typeof scene>>;
