/** Why an operation of the admin API was not done; the edge makes problem+json of it. */
export interface Refused {
  readonly ok: false;
  readonly status: 404 | 409 | 422 | 503;
  readonly code: string;
  readonly title: string;
  /** What to do about it. */
  readonly detail: string;
}

/** What the coordinator answers to an operation. */
export type Reply<T> = ({ readonly ok: true } & T) | Refused;

export function refused(status: Refused["status"], code: string, title: string, detail: string): Refused {
  return { ok: false, status, code, title, detail };
}

export function noPool(pool: string): Refused {
  return refused(
    404,
    "no-such-pool",
    `There is no pool ${JSON.stringify(pool)}`,
    "GET /_mooring/v1/pools lists them.",
  );
}

export function noPod(pool: string, pod: string): Refused {
  const title = `The pool ${JSON.stringify(pool)} has no pod ${JSON.stringify(pod)}`;
  const detail = `GET /_mooring/v1/pools/${encodeURIComponent(pool)}/pods lists them.`;
  return refused(404, "no-such-pod", title, detail);
}
