const CAUSES = {
  "pod-gone": (from) => `${from} is gone: nothing answers there`,
  "pod-unhealthy": (from) => `${from} is unhealthy`,
  "pod-replaced": (from) => `${from} was replaced by another pod`,
  "drain-deadline": (from) => `${from} was drained and its deadline has passed`,
  "config-change": (from) => `${from} was taken out of the config`,
  "canary-rollback": () => "the canary was rolled back",
  "canary-promote": () => "the canary was promoted",
  rebalanced: () => "the pool was rebalanced",
  failback: () => "its first pod is back",
  "moved-by-operator": () => "an operator moved it",
  revoked: () => "an operator ended the session before",
  "expired-idle": () => "the session before was idle for too long",
  "expired-absolute": () => "the session before had reached its absolute expiry",
  "key-retired": () => "the key of its cookie was retired",
  "store-adopt": () => "another edge had already moved it, and the store said so",
};

/** Why a session was moved, as the end of a sentence that begins with "because". */
export function causeInWords(cause, from) {
  const words = CAUSES[cause];
  return words === undefined ? `of ${cause ?? "a cause that was not given"}` : words(from ?? "its pod");
}

/** A decision as a plain sentence. */
export function decisionInWords(decision) {
  const { outcome, pod, from, cause } = decision;
  if (outcome === "kept") return `Kept on ${pod}: your session is bound to ${pod}, and ${pod} is there.`;
  if (outcome === "bound") return `Bound to ${pod}: a new session, and ${pod} was chosen for it.`;
  if (outcome === "moved") return `Moved from ${from} to ${pod}, because ${causeInWords(cause, from)}.`;
  if (outcome === "refused") return "Refused: no pod answered this request.";
  return `Unkeyed: sent to ${pod}, and nothing ties the next request to it.`;
}

/** How far a drain is. `clock` makes a time of day of milliseconds since the epoch. */
export function drainInWords({ state, sessions, deadline }, clock) {
  const left =
    sessions === null ? "Sessions left: the store does not say" : `${count(sessions, "session")} left`;
  if (state === "drained") return `Drained: its deadline has passed. ${left}`;
  const until = deadline === null ? "" : ` They stay until ${clock(deadline)}`;
  return `Draining: no new sessions. ${left}.${until}`;
}

/** `1 cart`, `4 carts`. */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
