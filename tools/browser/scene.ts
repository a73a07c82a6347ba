import type { Browser } from "playwright-core";
import { Jar } from "../fleet/client.ts";
import { type Fleet, type ListedPod, startFleet } from "../fleet/fleet.ts";

/** What the checks share: a browser, and a deployment with clients that go on asking. */
export interface Scene {
  readonly browser: Browser;
  readonly fleet: Fleet;
  readonly say: (line: string) => void;
  readonly quick: boolean;
}

const CLIENTS = 60;
/** Between two requests of all clients together. Milliseconds. */
const EVERY = 40;

const config = (pods: readonly ListedPod[]) => ({
  version: 1,
  explain: true,
  pools: {
    web: {
      pods: pods.filter(({ id }) => id.startsWith("web")),
      drain: "10m",
      health: { readiness: { path: "/ready", period: "1s", failure: 2 } },
    },
    api: { policy: "least-request", pods: pods.filter(({ id }) => id.startsWith("api")) },
  },
  routes: [
    { path: "/", pool: "web" },
    { path: "/api", pool: "api" },
  ],
});

/** Two edges, a coordinator, Redis, and pods of two pools, one process each. */
export async function startScene(bundleDir: string): Promise<Fleet> {
  const fleet = await startFleet({ edges: 2, pods: 6, redis: true, bundleDir, config: () => undefined });
  try {
    await fleet.addPod("api-0");
    await fleet.addPod("api-1");
    const { status, body } = await fleet.admin.send("PUT", "/v1/config", {
      body: config(fleet.listed()),
      headers: { "if-none-match": "*" },
    });
    if (status !== 200) throw new Error(`the config was refused: ${body}`);
    return fleet;
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

/** Clients that ask on and on, each with its session; a function that ends it. */
export function visitShop(fleet: Fleet): () => Promise<void> {
  const jars = Array.from({ length: CLIENTS }, () => new Jar());
  let over = false;
  let turn = 0;
  const ask = async () => {
    while (!over) {
      const at = turn++;
      const path = at % 5 === 0 ? "/api/list" : "/shop";
      // An edge may be down on purpose.
      await jars[at % CLIENTS]!.get(`${fleet.edges[1]!.url}${path}`).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  };
  const asking = ask();
  return async () => {
    over = true;
    await asking;
  };
}
