import type { Core } from "../core/core.ts";
import { Counters } from "../metrics/counters.ts";
import type { BindingStore } from "../model/ports.ts";
import { Generations } from "../sessions/generations.ts";
import type { Guard } from "../sessions/guard.ts";
import type { Edge, Failure } from "./edge.ts";
import type { LiveCookies } from "./ingress-cookie.ts";
import { keyedBy, withMatch } from "./record.ts";
import { route } from "./route.ts";
import { type Moments, placeholder, snapshotOf, type Trace } from "./trace.ts";
import { type ScopeRuntime, type Verified, View } from "./view.ts";

/** Where a trace leads. */
export interface Replayed {
  readonly outcome: string;
  readonly pool: string | undefined;
  readonly pod: string | undefined;
}

/**
 * Sends a traced request through the steps once more, with the answers that it had: the same code, and no deployment.
 *
 * @throws Error when the steps ask what the request never asked, as another version's may
 */
export async function replay(trace: Trace, core: Core): Promise<Replayed> {
  const left: Record<string, unknown[]> = {};
  for (const [what, answers] of Object.entries(trace.answers)) left[what] = [...answers];
  const next = (what: string): unknown => {
    const answers = left[what] ?? [];
    if (answers.length === 0) throw new Error(`the trace does not say what was answered to: ${what}`);
    return answers.shift() ?? undefined;
  };
  const stamp = { incarnation: trace.incarnation, revision: trace.revision, salt: "" };
  const snapshot = { ...snapshotOf(trace.config, trace.revision), explain: true };
  const bare = new View(stamp, snapshot, trace.departed, core, undefined, trace.at);
  bare.apply(trace.health);
  const budgets: number[] = [];
  stand(bare, trace, budgets);
  let sent: { pool: string; id: string } | undefined;
  const edge = edgeOf(trace, bare, next, (pod) => {
    sent = pod;
    const answer = next("send") as number | Failure;
    if (typeof answer === "string") budgets.splice(0, budgets.length, ...(next("budgets") as number[]));
    return answer;
  });
  try {
    const headers = new Headers(
      trace.request.headers.map(([name, value]): [string, string] => [name, value]),
    );
    const { method, url } = trace.request;
    const body = trace.request.body && method !== "GET" && method !== "HEAD" ? {} : null;
    const request = { method, url, headers, body } as unknown as Request;
    const response = await route(edge, request, { waitUntil: () => undefined });
    const outcome = outcomeOf(response);
    const none = outcome === "refused" ? undefined : sent;
    return { outcome, pool: none?.pool, pod: none?.id };
  } finally {
    bare.free();
  }
}

/** What this edge alone held of the pods, and the retries that its pools have left. */
function stand({ pools }: View, trace: Trace, budgets: number[]): void {
  for (const [at, { budget, pods, tags }] of pools.entries()) {
    budget.left = () => Math.max(0, budgets[at] ?? 0);
    budget.spend = () => {
      budgets[at] = (budgets[at] ?? 0) - 1;
    };
    for (const [i, pod] of pods.entries()) {
      const [doubt = false, suspected = false] = trace.doubts[tags[i]!] ?? [];
      if (suspected) pod.suspect(trace.at);
      pod.doubt = doubt;
    }
  }
}

/** What a Mooring-Decision says first. */
export function outcomeOf(response: Response): string {
  return (response.headers.get("mooring-decision") ?? "").split(";")[0]!;
}

function edgeOf(
  trace: Trace,
  bare: View,
  next: (what: string) => unknown,
  send: (pod: { pool: string; id: string }) => number | Failure,
): Edge {
  const told = <Value>(what: string) => {
    const memory = new Generations<Value>(0);
    memory.get = () => next(what) as Value | undefined;
    memory.set = () => undefined;
    return memory;
  };
  const view = withMatch(bare, (host, path) => {
    const found = bare.match(host, path);
    if (found === undefined) return undefined;
    const overrides = found.overrides.map((rule) => ({ ...rule, fits: () => next("rule") as boolean }));
    return { ...found, overrides, scope: scopeOf(found.scope, trace, next) };
  });
  const never = () => Promise.reject(new Error("a replay has no store"));
  const store = { kind: "none", swap: never } as unknown as BindingStore;
  return {
    clock: { now: () => trace.at },
    chance: { word: () => next("word") as number, bytes: () => bytesOf(next("bytes") as string) },
    forwarder: {
      send: async ({ pod }) => {
        const answer = send({ pool: pod.pool, id: pod.id });
        return typeof answer === "number" ? answerOf(answer) : answer;
      },
      connects: async () => next("connects") as boolean,
      gather: async () => new Uint8Array(),
      dress: (response, headers) => new Response(null, { status: response.status, headers }),
      pump: (response) => response,
      hold: (response, release) => {
        release();
        return response;
      },
    },
    store,
    guard: {
      budget: 0,
      get open() {
        return next("open");
      },
      get shaky() {
        return next("shaky");
      },
      start: async () => undefined,
      background: async () => undefined,
      within: async () => next("within"),
    } as unknown as Guard,
    sealer: { seal: async () => placeholder(0), open: async () => undefined },
    keyer: { sid: async () => next("sid") as string },
    peer: () => trace.request.peer,
    origin: () => next("origin") as Record<string, unknown> | undefined,
    zone: trace.zone,
    cloudflare: trace.cloudflare,
    loopMark: "",
    feed: { below: () => next("below") } as unknown as Edge["feed"],
    counters: new Counters(),
    settlements: told("settlement"),
    keyed: told("keyed"),
    expired: new Generations(1),
    told: new Generations(1),
    flights: new Map(),
    untold: new Map(),
    breaks: [],
    inVain: told("inVain"),
    view: () => view,
    period: () => trace.period,
    stale: () => next("stale") as boolean,
    refresh: async () => undefined,
    // All that was waited for has come.
    after: (_, expire) => {
      expire();
      return () => undefined;
    },
    choosing: ({ route: { scope } }) => {
      const moments = next("moments") as Moments;
      for (const [i, pool] of scope.pools.entries()) pool.recall(moments[i]!);
    },
    picking: () => next("pick") as number,
    failed: () => undefined,
    recorded: () => undefined,
  };
}

function scopeOf(scope: ScopeRuntime, { answers }: Trace, next: (what: string) => unknown): ScopeRuntime {
  const verified = new Generations<Verified>(0);
  verified.get = (text) => {
    const index = (answers.tokens ?? []).findIndex((_, i) => placeholder(i) === text);
    return (answers.tokens?.[index] ?? undefined) as Verified | undefined;
  };
  verified.set = () => undefined;
  const key = () => next("key") as string | undefined;
  const sources = keyedBy(scope, key, () => next("made") as string);
  return { ...scope, ...sources, live: scope.live && liveOf(scope, next), minting: [], verified };
}

function liveOf({ pools }: ScopeRuntime, next: (what: string) => unknown): LiveCookies {
  return {
    read: () => {
      const found = next("live") as { own: boolean; pool: number | null } | undefined;
      return found && { key: "", own: found.own, pool: pools[found.pool ?? -1] };
    },
    podOf: (pool) => pool.pods[(next("livePod") as number | undefined) ?? -1],
    free: () => undefined,
  };
}

/** Bodies do not matter; a status that no Response may have is as good as 200. */
function answerOf(status: number): Response {
  return new Response(null, { status: status >= 200 && status <= 599 ? status : 200 });
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}
