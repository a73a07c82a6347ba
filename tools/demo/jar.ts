/** The cookies of one simulated shopper, for one origin: name and value, as a browser would send them back. */
export class Jar {
  readonly #cookies = new Map<string, string>();

  /** Takes Set-Cookie lines; Max-Age=0 takes a cookie away. */
  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair, ...attributes] = line.split(";");
      const equals = pair!.indexOf("=");
      if (equals < 1) continue;
      const name = pair!.slice(0, equals).trim();
      if (attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute))) {
        this.#cookies.delete(name);
      } else {
        this.#cookies.set(name, pair!.slice(equals + 1).trim());
      }
    }
  }

  /** The value of the Cookie header; undefined when there is no cookie. */
  header(): string | undefined {
    if (this.#cookies.size === 0) return undefined;
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}
