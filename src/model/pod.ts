/**
 * 48 bits that name a pod in tokens and in the store: SHA-256(pool, pod id, generation)[0:6], read big-endian.
 * A double holds it exactly, so it can key a Map without a string.
 */
export type PodTag = number;

/** One address that serves requests. The id is the identity: a new url keeps the pod's sessions. */
export interface Pod {
  readonly id: string;
  readonly pool: string;
  /** Position in `Pool.pods`; pickers answer with it. */
  readonly index: number;
  readonly tag: PodTag;
  /** Where requests go: scheme, authority and base path, with no slash at the end. */
  readonly url: string;
  /** `host[:port]` as the pod sees it in Host, lower case; must never reach a client. */
  readonly authority: string;
  /** `""` or `/base`, taken from the configured url. */
  readonly basePath: string;
  /** Relative share of new sessions; an integer, 0 takes none. */
  readonly weight: number;
  readonly zone: string | undefined;
  /** Raised when an operator replaces the pod behind the same id; a new generation is a new pod. */
  readonly generation: number;
}

/**
 * `host:port`, the port always written out: what ingress-nginx knows a pod by. Where there is one, the base path follows, as
 * it tells pods of one server apart.
 */
export function addressOf({ url, authority, basePath }: Pick<Pod, "url" | "authority" | "basePath">): string {
  const port = /:\d+$/.test(authority) ? "" : url.startsWith("https:") ? ":443" : ":80";
  return authority + port + basePath;
}

/** 12 lower-case hex digits: the form of a tag in the store and on the wire. */
export function tagToHex(tag: PodTag): string {
  return tag.toString(16).padStart(12, "0");
}

/** Inverse of {@link tagToHex}; NaN for anything that is not 12 hex digits. */
export function tagFromHex(hex: string): PodTag {
  return /^[0-9a-f]{12}$/.test(hex) ? Number.parseInt(hex, 16) : Number.NaN;
}
