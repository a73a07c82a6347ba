import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Journal } from "../../../tools/fleet/breaks/journal.ts";
import type { Stage } from "../../../tools/fleet/breaks/stage.ts";
import { Stranger, type VisitName } from "../../../tools/fleet/breaks/stranger.ts";
import { Jar } from "../../../tools/fleet/client.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A stranger that has been, with each of its visits once, and five more as a new one, before an edge that does so; `web-9` takes no new session. */
async function after(listener: RequestListener): Promise<Stranger> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const journal = new Journal();
  journal.close("web-9");
  const stage = {
    options: { seed: 1 },
    elapsed: "0",
    journal,
    keys: { find: async () => ({ text: "token" }) },
    shoppers: [{ kind: "cookie", jar: () => new Jar([["__mooring", "token"]]) }],
    door: { through: (work: (url: string) => unknown) => work(url) },
  };
  const stranger = new Stranger(stage as unknown as Stage);
  let turns = 0;
  await stranger.live(() => turns++ < 10, 1);
  return stranger;
}

const say = (pod: string, headers: object = {}) => ({
  "mooring-decision": `bound; pool=web; pod=${pod}`,
  ...headers,
});
const ALL: readonly VisitName[] = ["newcomer", "forger", "spoofer", "halved", "cached"];

it("finds nothing wrong with an edge that does as it should", async () => {
  const stranger = await after((request, response) => {
    if (request.url === "/cut") {
      response.writeHead(200, { "content-length": 1000 }).write("x".repeat(500));
      setTimeout(() => request.socket.resetAndDestroy(), 20);
    } else response.writeHead(200, say("web-0")).end("{}");
  });
  expect(stranger.wrongs).toEqual([]);
  expect(stranger.troubles).toEqual([]);
  expect([stranger.fewest, stranger.stage.journal.newcomers]).toEqual([1, 6]);
});

it("finds everything wrong with one that does nothing as it should", async () => {
  const stranger = await after((request, response) => {
    const known = request.headers.cookie !== undefined;
    const headers = known ? { "mooring-decision": "kept; pool=web; pod=web-0" } : say("web-9");
    response.writeHead(200, { ...headers, "set-cookie": "a=b" }).end(JSON.stringify(request.headers));
  });
  expect(ALL.map((name) => stranger.of(name))).toEqual([6, 1, 1, 1, 1]);
  expect(stranger.wrongs.find(({ visit }) => visit === "spoofer")!.text).toContain("x-real-ip");
});

it("has tried nothing at one that refuses everything, and says so", async () => {
  for (const refuse of [
    (async (_, response) => void response.writeHead(502).end()) satisfies RequestListener,
    (({ socket }) => void socket.destroy()) satisfies RequestListener,
  ]) {
    const stranger = await after(refuse);
    expect([stranger.fewest, stranger.visits.size, stranger.stage.journal.newcomers]).toEqual([0, 0, 0]);
    expect(stranger.troubles).toHaveLength(10);
    server?.close();
  }
});
