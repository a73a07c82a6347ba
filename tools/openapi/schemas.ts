import { z } from "zod";
import { checks } from "../../src/doctor/index.ts";
import { FLEET_KINDS, KINDS } from "../../src/events/catalog.ts";
import { STATES } from "../../src/health/state.ts";
import { CAUSES } from "../../src/model/binding.ts";

/** The schemas that have a name in the document. */
export const named = z.registry<{ id: string }>();

const time = z.int().describe("Milliseconds since the epoch");
const count = z.int();
const cursor = z.nullable(z.string()).describe("Of the next page; null at the end");

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe("What to do about it"),
  code: z.string().describe("The same for every problem of a kind"),
  errors: z.array(z.object({ path: z.string(), message: z.string(), hint: z.string() })).optional(),
});

const state = z.enum(Object.keys(STATES) as [keyof typeof STATES]).register(named, { id: "State" });
const cause = z.enum(CAUSES).register(named, { id: "Cause" });
const deadline = z
  .union([z.string(), z.int(), z.null()])
  .describe('"10m" from now, a time, or milliseconds since the epoch')
  .register(named, { id: "Deadline" });
const notice = z
  .object({
    level: z.enum(["honoured", "changed", "ignored", "invalid"]),
    object: z.string(),
    path: z.string(),
    message: z.string(),
  })
  .register(named, { id: "Notice" });
const notices = z.array(notice);

export const config = z
  .looseObject({ version: z.literal(1), pools: z.looseObject({}), routes: z.array(z.looseObject({})) })
  .describe("docs/config.md has every field");
export const configRead = z.object({ revision: count, config });
export const written = z.object({ revision: count, notices });
export const history = z.object({
  revisions: z.array(z.object({ revision: count, at: time, who: z.string() })),
  cursor,
});
export const rollback = z.strictObject({ revision: z.int() });

const load = z.nullable(z.object({ sessions: z.number(), share: z.number() }));
export const plan = z.object({
  revision: count,
  moves: z.array(
    z.object({
      sid: z.string(),
      pool: z.string(),
      from: z.string(),
      to: z.string(),
      toPool: z.string().optional(),
      cause,
      anyway: z.literal(true).optional(),
    }),
  ),
  summary: z.object({
    moved: count,
    ended: count,
    kept: count,
    down: count,
    total: count,
    exact: z.boolean(),
    error: z.number(),
    causes: z.partialRecord(cause, count),
  }),
  keys: z.object({ moved: z.number(), error: z.number() }),
  balance: z.array(z.object({ pool: z.string(), pod: z.string(), before: load, after: load })),
  routes: z.array(
    z.object({
      host: z.string(),
      path: z.string(),
      pathType: z.optional(z.enum(["exact", "regex", "start", "pattern"])),
      ignoreCase: z.optional(z.literal(true)),
      match: z.optional(z.array(z.string())),
      before: z.string(),
      after: z.string(),
    }),
  ),
  notices,
  cursor,
});

const trace = z.looseObject({}).describe("Replays offline: mooring explain --replay");
export const explainRequest = z.strictObject({
  method: z.string().optional(),
  url: z.string(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  clientIp: z.string().optional(),
});
export const explanation = z.object({
  outcome: z.string(),
  pool: z.nullable(z.string()),
  pod: z.nullable(z.string()),
  from: z.nullable(z.string()),
  cause: z.nullable(z.string()),
  revision: count,
  steps: z.array(z.looseObject({ step: z.string() })),
  trace: z.nullable(trace),
});
export const traces = z.object({ traces: z.array(trace), cursor });

export const pools = z.object({
  pools: z.array(
    z.object({
      name: z.string(),
      policy: z.string(),
      pods: count,
      states: z.record(z.string(), count),
      sessions: z.nullable(count),
      weight: count.optional(),
      edge: z.object({ inFlight: count, queued: count, retriesLeft: z.number() }),
    }),
  ),
  cursor,
});
const weight = z.nullable(z.int().min(0).max(1_000_000));
/** A state, a weight or both; a deadline goes with a state. */
const order = (states: readonly string[]) =>
  z.union([
    z.strictObject({ state: z.enum(states), weight: weight.optional(), deadline: deadline.optional() }),
    z.strictObject({ weight }),
  ]);
export const poolOrder = order(["ready", "paused", "rolled-back", "retiring"]);
const since = z.nullable(time);
export const poolOrdered = z.object({
  pool: z.string(),
  weight: z.nullable(count),
  pods: z.array(z.object({ id: z.string(), state, since, deadline: since })),
});

export const pod = z.object({
  id: z.string(),
  pool: z.string(),
  state,
  weight: count,
  configWeight: count,
  sessions: z.nullable(count),
  inFlight: z.number(),
  since,
  deadline: since,
  health: z.object({
    state,
    since,
    probes: z.record(z.string(), z.object({ state: z.string(), since })),
    ejected: z.object({ until: since, times: count }),
    history: z.array(z.object({ at: time, check: z.string(), state: z.string() })),
  }),
});
export const pods = z.object({ pods: z.array(pod), cursor });
export const podOrder = order(["ready", "draining", "disabled"]);
export const drain = z.strictObject({ deadline: deadline.optional() });
export const progress = z.object({ state, sessions: count, deadline: since });

export const rebalanceOrder = z.strictObject({
  rate: z.int().min(1).max(100).optional(),
  target: z.number().min(1).max(10).optional(),
  dryRun: z.boolean().optional(),
});
const skew = z.nullable(z.number());
export const rebalance = z.object({
  state: z.enum(["running", "done", "stopped", "none", "planned"]),
  moved: count,
  left: z.nullable(count),
  skew: z.object({ before: skew, now: skew, after: z.number().optional() }),
  rate: z.int().optional(),
  target: z.number().optional(),
  since: time.optional(),
  why: z.string().optional(),
  moves: z.array(z.object({ from: z.string(), to: z.string(), sessions: count })).optional(),
});

export const session = z.object({
  sid: z.string(),
  pool: z.string(),
  pod: z.string(),
  home: z.string(),
  epoch: count,
  created: time,
  seen: time,
  expires: time,
});
export const sessions = z.object({ sessions: z.array(session), cursor });
export const revoked = z.object({ sid: z.string(), epoch: count, cause: z.literal("revoked") });
export const move = z.strictObject({ pod: z.string().min(1), pool: z.string().optional() });

export const ledger = z.object({
  breaks: z.array(
    z.object({ at: time, sid: z.string(), pool: z.string(), from: z.string(), to: z.string(), cause }),
  ),
  counts: z.record(z.string(), count),
  cursor,
});
const said = z.union([z.string(), z.number(), z.boolean(), z.null()]).register(named, { id: "EventValue" });
/** The keys of every kind that the coordinator tells; each kind has its own. */
const told = FLEET_KINDS.flatMap((name) => [...KINDS[name].keys] as string[]);
export const event = z.object({
  id: z.int().describe("Up by one with each event, over restarts too"),
  at: time,
  severity: z.enum(["I", "W", "E"]),
  kind: z.enum(FLEET_KINDS as [(typeof FLEET_KINDS)[number]]),
  message: z.string(),
  ...Object.fromEntries(told.map((key) => [key, (key === "cause" ? cause : said).optional()])),
});
export const events = z.object({ events: z.array(event), cursor });
export const alerts = z.object({
  rules: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["inactive", "pending", "firing"]),
      pool: z.string().describe("The one that it is worst with; empty: all together"),
      value: z.number(),
      threshold: z.number(),
      since: time.describe("0: it never was in another state"),
    }),
  ),
  webhook: z.object({
    url: z.boolean().describe("Whether there is one"),
    waiting: count.describe("Changes that it has not heard"),
    tries: count.describe("How often the first of them was tried in vain"),
  }),
});
const evidence = z.looseObject({}).describe("Figures and names that it rests on");
export const doctor = z.object({
  findings: z.array(
    z.object({
      id: z.enum(Object.keys(checks) as [keyof typeof checks]).describe("docs/doctor.md has each"),
      severity: z.enum(["error", "warning"]),
      title: z.string(),
      evidence,
      fix: z.string(),
    }),
  ),
  advice: z.array(
    z.object({ id: z.enum(["sizing", "exact-least"]), title: z.string(), evidence, text: z.string() }),
  ),
  at: time,
  revision: count,
});
export const audit = z.object({
  entries: z.array(
    z.object({
      at: time,
      who: z.string(),
      client: z.string(),
      method: z.string(),
      path: z.string(),
      status: z.nullable(z.int()).describe("Null when a crash cut it short"),
      change: z.looseObject({}),
    }),
  ),
  cursor,
});

const exported = {
  Problem: problem,
  Config: config,
  ConfigRead: configRead,
  Written: written,
  History: history,
  Rollback: rollback,
  Plan: plan,
  ExplainRequest: explainRequest,
  Explanation: explanation,
  Traces: traces,
  Pools: pools,
  PoolOrder: poolOrder,
  PoolOrdered: poolOrdered,
  Pod: pod,
  Pods: pods,
  PodOrder: podOrder,
  Drain: drain,
  Progress: progress,
  RebalanceOrder: rebalanceOrder,
  Rebalance: rebalance,
  Session: session,
  Sessions: sessions,
  Revoked: revoked,
  Move: move,
  Ledger: ledger,
  Event: event,
  Events: events,
  Alerts: alerts,
  Doctor: doctor,
  Audit: audit,
};
for (const [id, schema] of Object.entries(exported)) named.add(schema, { id });
