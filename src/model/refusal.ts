/** Why a request was not forwarded, or has no answer of a pod. Becomes a problem+json (RFC 9457). */
export interface Refusal {
  readonly status: number;
  /** The problem's slug: `no-route`, `no-pod`, … */
  readonly code: string;
  readonly title: string;
  /** What to do. Never names an address, a pod or a count. */
  readonly detail: string;
  /** Seconds for Retry-After. */
  readonly retryAfter?: number;
  /** Error type of RFC 9209, for Proxy-Status. */
  readonly proxyStatus?: string;
}

export function isRefusal(value: object): value is Refusal {
  return "code" in value && "title" in value;
}
