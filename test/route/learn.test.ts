import { expect, it } from "vitest";
import { outcomeOf, TestEdge } from "../support/edge.ts";

const CONFIG = {
  version: 1,
  explain: true,
  pools: {
    web: {
      policy: "random",
      pods: [0, 1, 2, 3].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
      affinity: [{ learn: { cookie: "SESSIONID" } }, { learn: { header: "Mcp-Session-Id" } }],
    },
  },
  routes: [{ pool: "web" }],
};

it("binds each key that one response mints", async () => {
  // Only the first was bound: a client that came back with the other went anywhere.
  const edge = await TestEdge.start({
    config: CONFIG,
    pod: ({ pod, rest }) => {
      const user = rest.slice(1);
      if (user === "") return new Response(pod.id);
      return new Response(pod.id, {
        headers: { "set-cookie": `SESSIONID=c-${user}`, "mcp-session-id": `h-${user}` },
      });
    },
  });
  for (let user = 0; user < 20; user++) {
    const home = await (await edge.ask(`http://shop.test/${user}`)).text();
    for (const headers of [{ cookie: `SESSIONID=c-${user}` }, { "mcp-session-id": `h-${user}` }]) {
      const response = await edge.ask("http://shop.test/", { headers });
      expect([await response.text(), outcomeOf(response)]).toEqual([home, "kept"]);
    }
  }
  await edge.idle();
  expect(edge.store.bindings.size).toBe(40);
});
