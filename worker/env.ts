/** Bindings, variables and secrets of the worker. All are optional: what is missing decides what the worker can be. */
export interface Env {
  /** The coordinator, where it runs in the same deployment. */
  COORDINATOR?: DurableObjectNamespace;
  /** The embedded binding store, sharded by sid. */
  STORE?: DurableObjectNamespace;
  /** Self-hosted edges reach the coordinator process here instead. */
  MOORING_COORDINATOR_URL?: string;
  /** Shared by the self-hosted edges and their coordinator; at least 32 bytes. */
  MOORING_SHARED_SECRET?: string;
  /** The zone that a self-hosted edge is in: that of its requests, where the config reads none from them. */
  MOORING_ZONE?: string;
  /** The share of requests whose decisions an edge writes down for GET /traces, such as `1%`; none unless set. */
  MOORING_TRACES?: string;
  /** `json`: each line of the log is JSON; `klog`, or not set: klog's form. */
  MOORING_LOG?: string;
  /** `edge`, `coordinator` or `both` (default). A coordinator process serves no traffic. */
  MOORING_ROLE?: string;
  /** `cloudflare` trusts CF-Connecting-IP; anything else is raw workerd. */
  MOORING_PLATFORM?: string;
  /** Key material of the tokens, at least 32 bytes each. */
  MOORING_SECRET?: string;
  MOORING_SECRET_NEXT?: string;
  MOORING_SECRET_PREVIOUS?: string;
  /** Opens a token only to say in the ledger whose session ended with its key. */
  MOORING_SECRET_RETIRED?: string;
  UPSTASH_REDIS_REST_URL?: string;
  UPSTASH_REDIS_REST_TOKEN?: string;
  MOORING_ADMIN_TOKEN?: string;
  MOORING_READ_TOKEN?: string;
  MOORING_DRAIN_TOKEN?: string;
  /** An http or https url that is told of each alert, by POST of JSON. */
  MOORING_ALERT_WEBHOOK?: string;
  /** The config at start, native YAML or JSON: used until a first PUT, and by a cold edge that reaches nothing else. */
  MOORING_CONFIG?: string;
  /**
   * Names this run: MOORING_CONFIG replaces whatever the coordinator has stored, once for each name
   * (`npm start -- --config`). A PUT later in the run stands.
   */
  MOORING_CONFIG_RESET?: string;
}
