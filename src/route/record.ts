import type { Asked } from "../affinity/source.ts";
import type { HealthView, PodState } from "../health/state.ts";
import type { Pod } from "../model/pod.ts";
import type { Chance } from "../model/ports.ts";
import { scan } from "../sessions/cookie.ts";
import { Generations } from "../sessions/generations.ts";
import type { Guard } from "../sessions/guard.ts";
import { tokensIn } from "../sessions/header.ts";
import { toHex } from "../sessions/token.ts";
import type { Edge } from "./edge.ts";
import type { LiveCookies } from "./ingress-cookie.ts";
import type { SourceRuntime } from "./source.ts";
import { placeholder, type Trace, type TracedRequest, tracedConfig } from "./trace.ts";
import type { RouteRuntime, ScopeRuntime, Verified, View } from "./view.ts";

/** Headers that decide where a request goes. */
const DECIDES =
  /^(?:host|forwarded|x-forwarded-(?:for|proto|host)|origin|access-control-request-method|cdn-loop|upgrade|connection|content-length)$/;

/** What is asked of the platform about where a request came from. */
const ORIGIN = ["colo", "country", "continent", "regionCode"] as const;

/** Writes down what one request is answered by everything outside of it. */
export class Recorder {
  /** To route with in place of the edge that it records. */
  readonly edge: Edge;
  readonly #request: Request;
  readonly #at: number;
  readonly #answers: Record<string, unknown[]> = {};
  readonly #tokens = new Map<string, Verified>();
  readonly #chance: Chance;
  #view: View | undefined;
  #route: RouteRuntime | undefined;
  #health: HealthView = {};
  readonly #doubts: Record<string, readonly [boolean, boolean]> = {};
  #keys = 0;
  #outcome = "";
  #sent: Pod | undefined;

  constructor(edge: Edge, request: Request) {
    this.#request = request;
    this.#at = edge.clock.now();
    this.#chance = edge.chance;
    this.edge = this.#over(edge);
  }

  /** Undefined where no route matched, so that there was nothing to decide. */
  trace(): Trace | undefined {
    const [view, route] = [this.#view, this.#route];
    if (view === undefined || route === undefined) return undefined;
    const sent = this.#outcome === "refused" ? undefined : this.#sent;
    const left = [...this.#tokens.values()].flatMap(({ token }) => [token.pod, token.home]);
    const asked = (this.#answers.within ?? []).flatMap((answer) => Object.values(answer ?? {}));
    const named = new Set<unknown>([...left, ...asked]);
    return {
      version: 1,
      at: this.#at,
      revision: view.stamp.revision,
      incarnation: view.stamp.incarnation,
      config: tracedConfig(view, route),
      health: this.#health,
      doubts: this.#doubts,
      departed: [...view.departed.values()].filter(({ tag }) => named.has(tag)),
      request: this.#redacted(route, view),
      period: this.edge.period(),
      zone: this.edge.zone,
      cloudflare: this.edge.cloudflare,
      answers: this.#answers,
      outcome: this.#outcome,
      pool: sent?.pool,
      pod: sent?.id,
    };
  }

  #log<T>(what: string, answer: T): T {
    this.#answers[what] ??= [];
    this.#answers[what].push(answer ?? null);
    return answer;
  }

  #over(edge: Edge): Edge {
    const log = <T>(what: string, answer: T) => this.#log(what, answer);
    const { chance, counters, feed, forwarder, guard, keyer } = edge;
    const recorded: Partial<Edge> = {
      counters: Object.assign(Object.create(counters) as typeof counters, {
        count: (...args: Parameters<typeof counters.count>) => {
          // What has a status is a request; the rest are events on its way.
          if (args[2] !== undefined) this.#outcome = args[1];
          counters.count(...args);
        },
      }),
      chance: {
        word: () => log("word", chance.word()),
        bytes: (length) => {
          const bytes = chance.bytes(length);
          log("bytes", toHex(bytes));
          return bytes;
        },
      },
      feed: Object.assign(Object.create(feed) as typeof feed, {
        below: (sid: string, epoch: number) => log("below", feed.below(sid, epoch)),
      }),
      forwarder: Object.assign(Object.create(forwarder) as typeof forwarder, {
        send: async (...args: Parameters<typeof forwarder.send>) => {
          this.#sent = args[0].pod;
          const answer = await forwarder.send(...args);
          log("send", typeof answer === "string" ? answer : answer.status);
          if (typeof answer === "string") log("budgets", this.#budgets());
          return answer;
        },
        connects: async (...args: Parameters<typeof forwarder.connects>) =>
          log("connects", await forwarder.connects(...args)),
      }),
      guard: {
        budget: guard.budget,
        get open() {
          return log("open", guard.open);
        },
        get shaky() {
          return log("shaky", guard.shaky);
        },
        start: guard.start.bind(guard),
        background: guard.background.bind(guard),
        within: async <T>(work: Promise<T | undefined>) => log("within", await guard.within(work)),
      } as unknown as Guard,
      keyer: { sid: async (...args) => log("sid", await keyer.sid(...args)) },
      settlements: logged(edge.settlements, (found) => log("settlement", found)),
      keyed: logged(edge.keyed, (found) => log("keyed", found)),
      inVain: logged(edge.inVain, (found) => log("inVain", found)),
      origin: (request) => {
        const told = edge.origin(request);
        return log("origin", told && Object.fromEntries(ORIGIN.map((name) => [name, told[name]])));
      },
      stale: (view, now) => log("stale", edge.stale(view, now)),
      view: (now, background) => {
        const view = edge.view(now, background);
        return view instanceof Promise ? view.then((found) => this.#seen(found)) : this.#seen(view);
      },
      picking: (choose) => log("pick", choose()),
      joining: async (probe) => log("connects", await probe),
      choosing: ({ route, now }) => {
        log(
          "moments",
          route.scope.pools.map((pool) => pool.moment(now)),
        );
      },
    };
    return Object.assign(Object.create(edge) as Edge, recorded);
  }

  /** Retries that are left in each pool of the scope. */
  #budgets(): number[] {
    const now = this.edge.clock.now();
    return this.#route!.scope.pools.map(({ budget, pool }) => budget.left(now, pool.retry.budget));
  }

  #seen(view: View | undefined): View | undefined {
    if (view === undefined) return undefined;
    this.#view = view;
    return withMatch(view, (host, path, request) => {
      const route = view.match(host, path, request);
      if (route === undefined) return undefined;
      this.#route = route;
      const states: Record<string, PodState> = {};
      for (const { pods, tags } of route.scope.pools) {
        for (const [i, pod] of pods.entries()) {
          const { state, doubt } = pod;
          const suspected = pod.suspected(this.#at);
          if (state !== "ready") states[tags[i]!] = state;
          if (doubt || suspected) this.#doubts[tags[i]!] = [doubt, suspected];
        }
      }
      this.#health = states;
      const overrides = route.overrides.map((rule) => ({
        ...rule,
        fits: (headers: Headers) => this.#log("rule", rule.fits(headers)),
      }));
      return { ...route, overrides, scope: this.#scope(route.scope) };
    });
  }

  #scope(scope: ScopeRuntime): ScopeRuntime {
    const key = (source: SourceRuntime, asked: Asked) => {
      const value = source.key(asked);
      this.#log("key", value === undefined ? undefined : `key-${this.#keys++}`);
      return value;
    };
    // Not by the chance that is recorded: a key is worth its session to whoever has it.
    const make = (source: SourceRuntime) => {
      const value = source.make!(this.#chance);
      this.#log("made", `key-${this.#keys++}`);
      return value;
    };
    const sources = keyedBy(scope, key, make);
    const verified = new Generations<Verified>(0);
    const take = (text: string, found: Verified | undefined) => {
      if (found !== undefined) this.#tokens.set(text, found);
      return found;
    };
    verified.get = (text) => take(text, scope.verified.get(text));
    verified.set = (text, found) => {
      take(text, found);
      scope.verified.set(text, found);
    };
    return { ...scope, ...sources, live: scope.live && this.#live(scope, scope.live), verified };
  }

  /** What was found, and nothing that would find it again. */
  #live({ pools }: ScopeRuntime, live: LiveCookies): LiveCookies {
    return {
      read: (header, now) => {
        const found = live.read(header, now);
        const named = found?.pool === undefined ? null : pools.indexOf(found.pool);
        this.#log("live", found && { own: found.own, pool: named });
        return found;
      },
      podOf: (pool, key) => {
        const pod = live.podOf(pool, key);
        this.#log("livePod", pod?.pod.index);
        return pod;
      },
      free: () => undefined,
    };
  }

  /** The headers that decide, with nothing in them that is the client's secret. */
  #redacted(route: RouteRuntime, view: View): TracedRequest {
    const { method, url, headers } = this.#request;
    const kept: [string, string][] = [];
    const { zone } = view.snapshot;
    headers.forEach((value, name) => {
      if (DECIDES.test(name) || name === zone?.header) kept.push([name, value]);
    });
    const cookies: string[] = [];
    const said = (found: string | undefined, value: string | undefined) =>
      found === value ? found : "other";
    for (const { rule, read } of route.overrides) {
      const { header, cookie, value } = rule;
      const found = read(headers);
      if (found === undefined || found === "") continue;
      if (header === undefined) cookies.push(`${cookie}=${said(found, value)}`);
      else kept.push([header, said(found, value)!]);
    }
    const tokens: unknown[] = [];
    const take = (text: string) => {
      tokens.push(this.#tokens.get(text) ?? null);
      return placeholder(tokens.length - 1);
    };
    const { carrier } = route.scope;
    if (carrier?.header !== undefined) {
      const found = tokensIn(headers.get(carrier.header) ?? "").map(take);
      if (found.length > 0) kept.push([carrier.header, found.join(", ")]);
    } else if (carrier !== undefined) {
      for (const key of carrier.keys) {
        cookies.push(...scan(headers.get("cookie") ?? "", key).map((text) => key + take(text)));
      }
    }
    this.#answers.tokens = tokens;
    if (cookies.length > 0) kept.push(["cookie", cookies.join("; ")]);
    const query = url.indexOf("?");
    const peer = this.edge.peer(this.#request);
    const body = this.#request.body != null;
    return { method, url: query < 0 ? url : url.slice(0, query), headers: kept, peer, body };
  }
}

/** A view that finds routes by another function. */
export function withMatch(view: View, match: View["match"]): View {
  return Object.assign(Object.create(view) as View, { match });
}

/** The sources of a scope, each of whose keys is read, and made, by another function. */
export function keyedBy(
  { ahead, behind }: ScopeRuntime,
  key: (source: SourceRuntime, asked: Asked) => string | undefined,
  make: (source: SourceRuntime) => string,
): Pick<ScopeRuntime, "ahead" | "behind"> {
  const over = (source: SourceRuntime) => ({
    ...source,
    key: (asked: Asked) => key(source, asked),
    make: source.make && (() => make(source)),
  });
  return { ahead: ahead.map(over), behind: behind.map(over) };
}

function logged<Value>(
  real: Generations<Value>,
  log: (found: Value | undefined) => Value | undefined,
): Generations<Value> {
  const over = new Generations<Value>(0);
  over.get = (key) => log(real.get(key));
  // What goes on behind the response decides nothing.
  over.peek = (key) => real.peek(key);
  over.set = (key, value) => real.set(key, value);
  over.delete = (key) => real.delete(key);
  return over;
}
