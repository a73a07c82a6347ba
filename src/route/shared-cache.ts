/**
 * Fields that go before Cache-Control in the caches that they mean: CDN-Cache-Control and those for one CDN (RFC 9213), and
 * what came before it.
 */
const TARGETED = /^(?:(?:[a-z0-9-]+-)?cdn-cache-control|surrogate-control|edge-control)$/;

/** nginx: seconds, or a moment as "@1735689600"; goes before everything else there. */
const ACCEL = "x-accel-expires";

/** Whether a shared cache may hand it to others unasked; then it must not carry a client's own cookie (RFC 9111). */
export function isShared(headers: Headers): boolean {
  const control = headers.get("cache-control");
  if (control !== null && allows(control)) return true;
  for (const [name, value] of headers) {
    if (name === ACCEL ? /^@?0*[1-9]/.test(value.trim()) : TARGETED.test(name) && allows(value)) return true;
  }
  return false;
}

/**
 * Lets no shared cache store a response that carries a client's own cookie. Without a word on caching it may (RFC 9111,
 * section 4.2.2), and what says `no-cache` or `max-age=0` may be stored too: once its origin answers 304, it goes to others.
 */
export function keepPrivate(headers: Headers): void {
  const control = headers.get("cache-control")?.trim() ?? "";
  if (!forbids(control)) headers.set("cache-control", control === "" ? "private" : `${control}, private`);
  for (const [name, value] of [...headers]) {
    if (TARGETED.test(name) && !forbids(value)) headers.set(name, `${value}, no-store`);
  }
}

/** Whether it says `private` or `no-store` of the response as a whole: `private="x"` is about the field x alone. */
function forbids(control: string): boolean {
  return directives(control).some(
    ([name, value]) => name === "no-store" || (name === "private" && value === ""),
  );
}

function allows(control: string): boolean {
  if (forbids(control)) return false;
  return directives(control).some(([name, value]) => {
    if (name === "public" || name === "s-maxage") return true;
    return (name === "max-age" || name === "stale-while-revalidate") && /[1-9]/.test(value);
  });
}

/** Names in lower case and values without quotes; a comma inside quotes separates nothing. Linear time. */
function directives(control: string): [name: string, value: string][] {
  const found = control.matchAll(/([^\s,="]+)(?:\s*=\s*("[^"]*"?|[^,"]*))?/g);
  return [...found].map(([, name = "", value = ""]) => [
    name.toLowerCase(),
    value.replaceAll('"', "").trim(),
  ]);
}
