import { formatDuration } from "../affinity/duration.ts";
import { formatPercent } from "../config/percent.ts";
import { Counters } from "../metrics/counters.ts";
import type { BindingStore } from "../model/ports.ts";
import { verdict } from "../sessions/expiry.ts";
import { Generations } from "../sessions/generations.ts";
import { Guard } from "../sessions/guard.ts";
import { settle } from "../sessions/settle.ts";
import { Subject } from "./condition.ts";
import type { Edge } from "./edge.ts";
import { podId } from "./legs.ts";
import { Recorder, withMatch } from "./record.ts";
import { route } from "./route.ts";
import { readTarget } from "./target.ts";
import type { Trace } from "./trace.ts";
import type { RouteRuntime, Verified, View } from "./view.ts";

/** One step of a decision: what was found, and why. */
export type Step = { readonly step: string } & Readonly<Record<string, unknown>>;

/** A decision as data: what `Mooring-Decision` says in short, with every step on the way. */
export interface Explanation {
  readonly outcome: string;
  readonly pool: string | null;
  /** An id; null where no pod would be asked. */
  readonly pod: string | null;
  readonly from: string | null;
  readonly cause: string | null;
  readonly revision: number;
  readonly steps: readonly Step[];
  /** Null where no route matched: there was nothing to decide. */
  readonly trace: Trace | null;
}

/**
 * What would become of a request now: the steps themselves, over an edge that forwards nothing, binds nothing and
 * remembers nothing. Pods are taken to answer.
 *
 * @param shadow the edge's view once more, for nobody else
 */
export async function explain(edge: Edge, view: View, shadow: View, request: Request): Promise<Explanation> {
  const now = edge.clock.now();
  for (const [i, pool] of shadow.pools.entries()) {
    const real = view.pools[i]!;
    for (const [at, pod] of pool.pods.entries()) {
      if (real.pods[at]!.suspected(now)) pod.suspect(now);
      pod.doubt = real.pods[at]!.doubt;
    }
    pool.recall(real.moment(now));
  }
  const recorder = new Recorder(shadowOf(edge, shadow), request);
  const response = await route(recorder.edge, request, { waitUntil: () => undefined });
  const [outcome = "", ...pairs] = (response.headers.get("mooring-decision") ?? "").split("; ");
  const said: Record<string, string | undefined> = Object.fromEntries(pairs.map((pair) => pair.split("=")));
  const refused =
    outcome === "refused" ? ((await response.json()) as { code: string; detail: string }) : undefined;
  const trace = recorder.trace();
  const target = readTarget(request.url);
  const passed: RouteRuntime[] = [];
  const matched = shadow.match(target.host, target.path, request, passed);
  return {
    outcome,
    pool: said.pool || null,
    pod: said.pod ?? null,
    from: said.from ?? null,
    cause: said.cause ?? null,
    revision: view.stamp.revision,
    steps: [
      ...passedOf(passed, new Subject(target.host, request)),
      ...(matched === undefined || trace === undefined ? [] : stepsOf(shadow, matched, trace, request, now)),
      refused === undefined
        ? { step: "pick", by: byOf(outcome, said.cause, trace), pod: said.pod, pool: said.pool }
        : { step: "refused", status: response.status, code: refused.code, why: refused.detail },
      ...(matched === undefined || refused !== undefined ? [] : [retriesOf(matched, said.pool, request)]),
    ],
    trace: trace ?? null,
  };
}

/** The routes that were tried first, and what of them the request does not fit. */
function passedOf(passed: readonly RouteRuntime[], subject: Subject): Step[] {
  return passed.map((route) => {
    const { words, failing } = route.conditions!;
    return { step: "passed", ...placeOf(route), failed: words[failing(subject)] };
  });
}

function placeOf({ host, path, pathType, ignoreCase, rank }: RouteRuntime) {
  return {
    host,
    path,
    ...(pathType === "prefix" ? {} : { pathType }),
    ...(ignoreCase ? { ignoreCase } : {}),
    ...(rank === 0 ? {} : { rank }),
  };
}

/** Reads what the edge reads, and writes nowhere that anybody looks. */
function shadowOf(edge: Edge, view: View): Edge {
  const shadow: Partial<Edge> = {
    counters: new Counters(),
    clues: undefined,
    breaks: [],
    flights: new Map(),
    untold: new Map(),
    expired: new Generations(1),
    told: new Generations(1),
    settlements: peeking(edge.settlements),
    keyed: peeking(edge.keyed),
    inVain: peeking(edge.inVain),
    guard: guardOf(edge),
    store: {
      kind: edge.store.kind,
      swap: async (swap) => settle(await edge.store.read(swap.sid), swap).swapped,
      create: async () => undefined,
      renew: async () => "extended",
      index: async () => undefined,
      release: async () => undefined,
    } as Partial<BindingStore> as BindingStore,
    forwarder: {
      send: async () => new Response(null),
      gather: async () => new Uint8Array(),
      connects: async () => true,
      dress: (response, headers) => new Response(null, { status: response.status, headers }),
      pump: (response) => response,
      hold: (response) => response,
    },
    view: () => withMatch(view, (...place) => spared(view.match(...place))),
    refresh: async () => undefined,
    failed: () => undefined,
    recorded: () => undefined,
  };
  return Object.assign(Object.create(edge) as Edge, shadow);
}

/** As the edge's own stands now: where its breaker is open no store is asked. */
function guardOf(edge: Edge): Guard {
  const { open, shaky } = edge.guard;
  const guard = new Guard(edge.clock, (ms, expire) => edge.after(ms, expire));
  Object.defineProperties(guard, { open: { value: open }, shaky: { value: shaky } });
  if (open) guard.start = async () => undefined;
  return guard;
}

/** The route without what it does to some of its requests: what becomes of the others is asked for. */
function spared(route: RouteRuntime | undefined): RouteRuntime | undefined {
  return route?.fault === undefined ? route : { ...route, fault: undefined };
}

function peeking<Value>(real: Generations<Value>): Generations<Value> {
  const shadow = new Generations<Value>(1);
  shadow.get = (key) => real.peek(key);
  shadow.set = () => undefined;
  shadow.delete = () => undefined;
  return shadow;
}

function stepsOf(view: View, matched: RouteRuntime, trace: Trace, request: Request, now: number): Step[] {
  const { host, pathType, rank, conditions, scope, sides, overrides } = matched;
  const why = host === "*" ? "any host" : host.startsWith("*") ? "the host's suffix" : "the host by name";
  const steps: Step[] = [
    {
      step: "route",
      ...placeOf(matched),
      ...(conditions === undefined ? {} : { match: conditions.words }),
      why: `${why}, and there ${BY_PATH[pathType]}${rank === 0 ? "" : " of this rank"}${conditions === undefined ? "" : ", whose conditions fit"}`,
      scope: scope.scope.id,
      sides: sides.map(({ pool, weight }) => ({ pool: pool.pool.name, weight })),
      ...(overrides.length > 0 ? { rules: overrides.length } : {}),
      ...(scope.others.size > 0 ? { sticky: "primary" } : {}),
      ...(matched.issue ? {} : { issue: false }),
    },
    ...faultOf(matched),
    { step: "client", peer: trace.request.peer ?? null, revision: trace.revision },
  ];
  const { key = [], made = [], tokens = [], sid = [] } = trace.answers;
  // The last source that was asked and had none made one.
  const used = made.length > 0 ? key.length - 1 : key.findIndex((found) => found !== null);
  const labels = [...scope.ahead, ...scope.behind].map(({ label }) =>
    label.slice(scope.scope.id.length + 1).trim(),
  );
  const chain = scope.scope.affinity.map(({ source }) => source);
  const some = (found: readonly unknown[]) => found.some((one) => one !== null);
  const header = scope.carrier?.header;
  const own = header === undefined ? "cookie" : `token ${header}`;
  const cookie = some(tokens) ? own : some(trace.answers.live ?? []) ? "ingress-nginx cookie" : null;
  const by = used >= 0 ? labels[used] : cookie;
  const from = { ...(made.length > 0 ? { made: true } : {}), ...(sid.length > 0 ? { sid: sid.at(-1) } : {}) };
  steps.push({ step: "affinity", chain, by: by ?? null, ...from });
  for (const [i, token] of (tokens as (Verified | null)[]).entries()) {
    steps.push({ step: "token", index: i, ...tokenOf(view, matched, token, now) });
  }
  steps.push(...ruleOf(matched, trace, request));
  steps.push({ step: "candidates", pools: scope.pools.map((pool) => standingOf(pool, now)) });
  return steps;
}

/** What the route does to a share of its requests, which is not drawn here. */
function faultOf({ fault }: RouteRuntime): Step[] {
  if (fault === undefined) return [];
  const { abort, delay } = fault.fault;
  return [
    {
      step: "fault",
      ...(delay && { delay: { share: formatPercent(delay.share), for: formatDuration(delay.for) } }),
      ...(abort && { abort: { share: formatPercent(abort.share), status: abort.status } }),
      why: "drawn for each request anew; told here is what becomes of one that is not aborted",
    },
  ];
}

const BY_PATH = {
  prefix: "the longest path that matches",
  exact: "the very path",
  regex: "the longest pattern that matches",
  start: "the longest start that matches",
  pattern: "the longest pattern that matches",
};

/** The rule that chose the side, where one was asked for and did. */
function ruleOf(
  { overrides, sides, headerBeatsSession }: RouteRuntime,
  trace: Trace,
  request: Request,
): Step[] {
  if (!trace.answers.rule?.includes(true)) return [];
  const fitting = overrides.filter(({ fits }) => fits(request.headers));
  const ahead = headerBeatsSession ? fitting.find(({ rule }) => rule.header !== undefined) : undefined;
  const { side, ...rule } = (ahead ?? fitting[0]!).rule;
  return [{ step: "rule", ...rule, pool: sides[side]!.pool.pool.name, headerBeatsSession }];
}

function tokenOf(view: View, route: RouteRuntime, found: Verified | null, now: number) {
  if (found === null)
    return { verdict: "not opened", why: "another key, scope or deployment sealed it, or nobody" };
  const { token, renewal, retired } = found;
  const { sid, epoch, iat, exp } = token;
  const age = retired ? "key-retired" : verdict(token, renewal, route.scope.carrier!.idle, now / 1000);
  const pod = route.scope.pods.get(token.pod);
  const name = (tag: number) => podId({ route, view } as Parameters<typeof podId>[0], tag);
  return {
    verdict: age,
    sid,
    epoch,
    pod: name(token.pod),
    home: name(token.home),
    issued: iat * 1000,
    expires: exp * 1000,
    keeps: pod?.keep ?? false,
    state: pod?.state ?? "not in this scope",
  };
}

/** How each pod stands for a new session, and why those that are out are. */
function standingOf(pool: RouteRuntime["sides"][number]["pool"], now: number) {
  const { out, slow } = pool.standing(now);
  return {
    pool: pool.pool.name,
    policy: pool.pool.policy.name,
    pods: pool.pods.map(({ pod, state, keep, meaning, full }, i) => {
      const held = meaning.admit ? "this edge could not reach it just now" : state;
      const why = out[i] !== 0 ? held : pod.weight === 0 ? "weight 0" : full ? "at its cap" : null;
      const share = slow === undefined ? {} : { warm: slow[i]! / 0xffffffff };
      return { pod: pod.id, weight: pod.weight, state, admits: why === null, keeps: keep, why, ...share };
    }),
  };
}

function byOf(outcome: string, cause: string | undefined, trace: Trace | undefined): string {
  if (outcome === "kept") return "the session's own pod";
  if (outcome === "moved") {
    return cause === "failback" ? "the session's home" : "the hash table, or where it was moved before";
  }
  const live = trace?.answers.livePod?.at(-1) ?? null;
  if (live !== null && trace?.answers.moments === undefined) return "the pod of its ingress-nginx cookie";
  const pool = trace?.config.pools.find(({ name }) => name === trace.pool);
  return (trace?.answers.moments ?? []).length > 0 ? `policy ${pool?.policy.name}` : "the hash table";
}

/** What a failure would be followed by. */
function retriesOf({ scope, terms }: RouteRuntime, name: string | undefined, { method }: Request): Step {
  const { pool } = scope.pools.find(({ pool }) => pool.name === name) ?? scope.pools[0]!;
  const { retry } = terms?.get(pool.name) ?? pool;
  const safe =
    /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/.test(method) || retry.methods.some((one) => one === method);
  const why = safe ? "if it has no body, or one that is held" : `${method} may have done something already`;
  return { step: "retries", attempts: safe ? retry.attempts : 1, on: safe ? retry.on : [], why };
}
