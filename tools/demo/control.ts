import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Admin } from "./admin.ts";
import type { CrowdOptions } from "./crowd.ts";
import { Fleet } from "./fleet.ts";
import { openStream, pathOf, readJson, sendEvent, sendJson } from "./http.ts";
import { loadPage, sendPage } from "./page.ts";
import type { PodReport } from "./pod-process.ts";

/** The control server, running. */
export interface Control {
  readonly url: string;
  readonly fleet: Fleet;
  /** Ends shoppers, pods and server. */
  stop(): Promise<void>;
}

export interface ControlOptions {
  /** Its own; a free one when absent. */
  readonly port?: number;
  /** One pod for each. */
  readonly ports: readonly number[];
  /** Where the simulated shoppers go. */
  readonly edge: string;
  readonly crowd?: Partial<CrowdOptions>;
  /** Of the edge's admin API, for draining and adding pods; without it nobody can. No page ever has it. */
  readonly token?: string;
}

const GATHER = 80;
const PING = 15_000;
const FOLLOW = 1000;

/** The report in a body; undefined when it is none. */
function reportOf(value: unknown): PodReport | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { pod, pid, ready, visitor, items } = value as Partial<Record<keyof PodReport, unknown>>;
  if (typeof pod !== "string" || typeof pid !== "number") return undefined;
  const change = typeof visitor === "string" && typeof items === "number" ? { visitor, items } : {};
  return { pod, pid, ...(ready === true ? { ready } : {}), ...change };
}

/** A page may post only to the origin it came from; what sends no Origin is not a page. */
function fromHere(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  // The edge cannot set Host, so behind it the authority that the client used is in X-Forwarded-Host.
  const authority = request.headers["x-forwarded-host"] ?? request.headers.host;
  return origin === `http://${authority}` || origin === `https://${authority}`;
}

/**
 * Starts the control server on a free port of 127.0.0.1; its pods are dead until `fleet.start()`. Under /demo/: the page,
 * `state`, `events`, `pods/{id}/kill`, `revive`, `drain` and `ready`, `plan`, and `pods`, which adds one. `/report`, for the pods, is outside of what the edge routes here.
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const streams = new Set<ServerResponse>();
  let gathering: NodeJS.Timeout | undefined;

  // A kill changes a dozen things within a few milliseconds: they travel as one event.
  function changed(): void {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      const state = fleet.state();
      for (const stream of streams) if (!sendEvent(stream, state)) stream.destroy();
    }, GATHER);
  }

  function serveEvents(response: ServerResponse): void {
    openStream(response);
    streams.add(response);
    fleet.crowd.enter();
    sendEvent(response, fleet.state());
    const ping = setInterval(() => response.write(": still here\n\n"), PING);
    response.on("close", () => {
      clearInterval(ping);
      streams.delete(response);
      fleet.crowd.leave();
    });
  }

  async function serveReport(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request, 4096);
    if (!body.ok) return sendJson(response, body.status, { error: body.error });
    const report = reportOf(body.value);
    const known = request.headers.origin === undefined && report !== undefined && fleet.hear(report);
    sendJson(response, known ? 200 : 403, known ? {} : { error: "no pod of this demo runs as that process" });
  }

  async function servePost(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const found = /^\/demo\/(?:plan|pods(?:\/([^/]+)\/(kill|revive|drain|ready))?)$/.exec(path);
    if (found === null) return sendJson(response, 404, { error: "nothing is here" });
    if (!fromHere(request))
      return sendJson(response, 403, { error: "only the page of this origin may do that" });
    const [, id, verb] = found;
    if (id === undefined || verb === undefined) return serveChange(request, response, path);
    request.resume();
    const verbs = {
      kill: () => fleet.kill(id),
      revive: () => fleet.revive(id),
      drain: () => fleet.order(id, "draining"),
      ready: () => fleet.order(id, "ready"),
    };
    const asked = await verbs[verb as keyof typeof verbs]();
    sendJson(response, asked.status, asked.error === undefined ? fleet.state() : { error: asked.error });
  }

  /** A change of pods: planned, `{}` for one more and `{remove}` for one less, or made, `{revision}` of its plan. */
  async function serveChange(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> {
    const body = await readJson(request, 4096);
    if (!body.ok) return sendJson(response, body.status, { error: body.error });
    const { remove, revision } = (body.value ?? {}) as { remove?: unknown; revision?: unknown };
    if (path === "/demo/plan") {
      const planned = await fleet.plan(typeof remove === "string" ? remove : undefined);
      if ("plan" in planned) return sendJson(response, 200, planned.plan);
      return sendJson(response, planned.status, { error: planned.error });
    }
    if (typeof revision !== "number") {
      return sendJson(response, 422, { error: "plan it first: send the revision of the plan" });
    }
    const asked = await fleet.add(revision);
    sendJson(response, asked.status, asked.error === undefined ? fleet.state() : { error: asked.error });
  }

  const page = loadPage();
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (request.method === "POST") {
      await (path === "/report" ? serveReport(request, response) : servePost(request, response, path));
    } else if (request.method !== "GET" && request.method !== "HEAD") {
      sendJson(response, 405, { error: "GET or POST" }, { allow: "GET, HEAD, POST" });
    } else if (path === "/demo") {
      response.writeHead(308, { location: "/demo/", "content-length": 0 }).end();
    } else if (path === "/demo/state") {
      sendJson(response, 200, fleet.state());
    } else if (path === "/demo/events" && request.method === "GET") {
      serveEvents(response);
    } else if (!path.startsWith("/demo/") || !sendPage(response, page, path.slice("/demo".length))) {
      sendJson(response, 404, { error: "nothing is here" });
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: Error) => {
      if (!request.destroyed) console.error(`control: ${error.stack ?? error.message}`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const admin = options.token === undefined ? undefined : new Admin(options.edge, options.token);
  const fleet = new Fleet(options.ports, url, options.edge, changed, options.crowd, admin);
  // One look at a time, and only while somebody sees it.
  let looking = false;
  const following = setInterval(() => {
    if (looking || streams.size === 0) return;
    looking = true;
    void fleet.follow().finally(() => {
      looking = false;
    });
  }, FOLLOW);

  return {
    url,
    fleet,
    async stop() {
      clearInterval(following);
      await fleet.stop();
      clearTimeout(gathering);
      gathering = undefined;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      // Streams that were just cut off have told the crowd of it, which would wait for the page to come back.
      await fleet.crowd.stop();
    },
  };
}
