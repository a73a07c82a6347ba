import type { z } from "zod";
import * as schemas from "./schemas.ts";

export type Method = "get" | "put" | "post" | "patch" | "delete";

/** One call of the admin API. */
export interface Operation {
  readonly method: Method;
  /** Below `/_mooring`, with `{name}` for what varies. */
  readonly path: string;
  /** What the token must allow; null: none is asked for. */
  readonly scope: "read" | "drain" | "write" | null;
  readonly summary: string;
  /** Names of what the query may hold. */
  readonly query?: readonly (keyof typeof QUERY)[];
  readonly body?: {
    readonly schema: z.ZodType;
    readonly types: readonly string[];
    readonly required: boolean;
  };
  /** Headers that the request must or may have. */
  readonly headers?: readonly string[];
  /** A schema of JSON, or a media type whose content is not described. */
  readonly answer: z.ZodType | string;
  /** Of a call that answers with server-sent events unless JSON is asked for: what each of them is. */
  readonly stream?: z.ZodType;
  /** The answer has the revision as its ETag. */
  readonly etag?: boolean;
  /** Status codes of problems, beside those that every call with a token has. */
  readonly problems: readonly number[];
}

/** What a query may hold, as JSON Schema. */
export const QUERY = {
  limit: { type: "integer", minimum: 1 },
  cursor: { type: "string" },
  pool: { type: "string" },
  pod: { type: "string" },
  sid: { type: "string" },
  kinds: { type: "string", description: "Names of kinds, with commas; all unless given" },
  cause: { $ref: "#/components/schemas/Cause" },
  wait: { type: "string" },
  deadline: { type: "string" },
} as const;

/** 404 not there, 409 a wrong state, 412 a stale revision, 413 too large, 415 another type, 422 not valid,
 * 428 no precondition. */
const CONFIG = ["application/json", "application/yaml", "text/yaml"];
const JSON_ONLY = ["application/json"];
const BODY = [413, 415, 422];
const page = ["limit", "cursor"] as const;
const text = "text/plain";
const json = (schema: z.ZodType, required = true) => ({ schema, types: JSON_ONLY, required });
const config = { schema: schemas.config, types: CONFIG, required: true };
const POD = "/v1/pools/{pool}/pods/{pod}";
const REBALANCE = "/v1/pools/{pool}/rebalance";

/** The whole admin API: what is here is served, and what is served is here. */
export const OPERATIONS: readonly Operation[] = [
  { method: "get", path: "/livez", scope: null, summary: "It lives", answer: text, problems: [] },
  { method: "get", path: "/readyz", scope: null, summary: "It can serve", answer: text, problems: [503] },
  {
    method: "get",
    path: "/openapi.json",
    scope: null,
    summary: "This document",
    answer: "application/json",
    problems: [],
  },
  { method: "get", path: "/metrics", scope: "read", summary: "For Prometheus", answer: text, problems: [] },
  {
    method: "get",
    path: "/v1/config",
    scope: "read",
    summary: "The config in force",
    answer: schemas.configRead,
    etag: true,
    problems: [404],
  },
  {
    method: "put",
    path: "/v1/config",
    scope: "write",
    summary: "Replaces the config",
    body: config,
    headers: ["If-Match", "If-None-Match"],
    answer: schemas.written,
    etag: true,
    problems: [412, 428, ...BODY],
  },
  {
    method: "get",
    path: "/v1/config/history",
    scope: "read",
    summary: "Who wrote which revision",
    query: page,
    answer: schemas.history,
    problems: [],
  },
  {
    method: "post",
    path: "/v1/config/rollback",
    scope: "write",
    summary: "An earlier revision once more",
    body: json(schemas.rollback),
    headers: ["If-Match"],
    answer: schemas.written,
    etag: true,
    problems: [404, 412, ...BODY],
  },
  {
    method: "post",
    path: "/v1/plan",
    scope: "read",
    summary: "Which sessions a config would move",
    query: page,
    body: config,
    answer: schemas.plan,
    problems: BODY,
  },
  {
    method: "post",
    path: "/v1/explain",
    scope: "read",
    summary: "What would become of a request",
    body: json(schemas.explainRequest),
    answer: schemas.explanation,
    problems: BODY,
  },
  {
    method: "get",
    path: "/v1/traces",
    scope: "read",
    summary: "Decisions that this edge wrote down",
    query: page,
    answer: schemas.traces,
    problems: [409],
  },
  {
    method: "get",
    path: "/v1/pools",
    scope: "read",
    summary: "The pools",
    query: page,
    answer: schemas.pools,
    problems: [],
  },
  {
    method: "patch",
    path: "/v1/pools/{pool}",
    scope: "write",
    summary: "Orders all pods of a pool",
    body: json(schemas.poolOrder),
    answer: schemas.poolOrdered,
    problems: [404, 409, ...BODY],
  },
  {
    method: "get",
    path: REBALANCE,
    scope: "read",
    summary: "How a rebalance stands",
    answer: schemas.rebalance,
    problems: [404],
  },
  {
    method: "post",
    path: REBALANCE,
    scope: "write",
    summary: "Moves idle sessions to emptier pods",
    body: json(schemas.rebalanceOrder, false),
    answer: schemas.rebalance,
    problems: [404, 409, ...BODY],
  },
  {
    method: "delete",
    path: REBALANCE,
    scope: "write",
    summary: "Stops a rebalance",
    answer: schemas.rebalance,
    problems: [404, 409],
  },
  {
    method: "get",
    path: "/v1/pools/{pool}/pods",
    scope: "read",
    summary: "The pods of a pool",
    query: page,
    answer: schemas.pods,
    problems: [404],
  },
  {
    method: "patch",
    path: POD,
    scope: "write",
    summary: "Orders a pod",
    body: json(schemas.podOrder),
    answer: schemas.pod,
    problems: [404, 409, ...BODY],
  },
  {
    method: "post",
    path: `${POD}/drain`,
    scope: "drain",
    summary: "Drains a pod, and waits for its last session",
    query: ["wait", "deadline"],
    body: json(schemas.drain, false),
    answer: schemas.progress,
    problems: [404, ...BODY],
  },
  {
    method: "get",
    path: `${POD}/drained`,
    scope: "read",
    summary: "Waits for its last session",
    query: ["wait"],
    answer: schemas.progress,
    problems: [404],
  },
  {
    method: "get",
    path: "/v1/sessions",
    scope: "read",
    summary: "Live sessions",
    query: ["pool", "pod", ...page],
    answer: schemas.sessions,
    problems: [404],
  },
  {
    method: "get",
    path: "/v1/sessions/{sid}",
    scope: "read",
    summary: "A session",
    answer: schemas.session,
    problems: [404],
  },
  {
    method: "delete",
    path: "/v1/sessions/{sid}",
    scope: "write",
    summary: "Revokes a session",
    answer: schemas.revoked,
    problems: [404],
  },
  {
    method: "post",
    path: "/v1/sessions/{sid}/move",
    scope: "write",
    summary: "Moves a session to a pod",
    body: json(schemas.move),
    answer: schemas.session,
    problems: [404, 409, ...BODY],
  },
  {
    method: "get",
    path: "/v1/ledger",
    scope: "read",
    summary: "Why sessions left their pods",
    query: ["pool", "sid", "cause", ...page],
    answer: schemas.ledger,
    problems: [],
  },
  {
    method: "get",
    path: "/v1/events",
    scope: "read",
    summary: "What happens, as it happens; the last events as JSON",
    query: ["kinds", ...page],
    headers: ["Last-Event-ID"],
    answer: schemas.events,
    stream: schemas.event,
    problems: [],
  },
  {
    method: "get",
    path: "/v1/alerts",
    scope: "read",
    summary: "The alert rules, and whether they fire",
    query: [],
    answer: schemas.alerts,
    problems: [],
  },
  {
    method: "get",
    path: "/v1/doctor",
    scope: "read",
    summary: "What is wrong now, and what to do",
    query: [],
    answer: schemas.doctor,
    problems: [],
  },
  {
    method: "get",
    path: "/v1/audit",
    scope: "read",
    summary: "Who changed what",
    query: page,
    answer: schemas.audit,
    problems: [],
  },
];
