import type * as z from "../model/zod.ts";

/** What of a request an affinity source may read. */
export interface Asked {
  readonly headers: Headers;
  /** The raw query, without its question mark. */
  readonly query: string;
  /** The client's address as far as it can be believed: one of ours, or the last hop before the trusted proxies. */
  readonly ip: string | undefined;
}

/** The cookie by which a client is told the key that was made for it. */
export interface MadeCookie {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: "Lax" | "Strict" | "None" | undefined;
  /** `auto`: where the client came by https. */
  readonly secure: "auto" | boolean;
  readonly partitioned: boolean;
  /** Seconds; undefined: it ends with the browser's session. */
  readonly maxAge: number | undefined;
}

/** What a pod's response did to a key that it mints. */
export type Minted = { readonly key: string; readonly gone: boolean };

/**
 * Where stickiness is read. One file each, one line in the registry.
 * `token`: the client holds a token of ours, in a cookie or a header. `key`: the request itself has the affinity key, and the store knows its
 * session. `minted`: likewise, but only a pod can begin one. `none`: requests are unkeyed.
 */
export interface AffinitySource<Options = unknown> {
  readonly name: string;
  /** One sentence for docs and console. */
  readonly summary: string;
  readonly carrier: "token" | "key" | "minted" | "none";
  /** Parses the options and fills in defaults; durations come out in milliseconds. */
  readonly options: z.ZodMiniType<Options>;
  /** Names what is read, so that equal values of different sources are different keys: `header x-user`. */
  label?(options: Options): string;
  /** The affinity key of a request; undefined when it has none. Linear in the length of what it reads. */
  key?(asked: Asked, options: Options): string | undefined;
  /**
   * What places the key's new session where a policy hashes as Envoy does, several things where it hashes them one by one;
   * absent, or undefined: the key itself.
   */
  placing?(asked: Asked, options: Options): string | readonly string[] | undefined;
  /** Whether the key is, or has in it, the client's address. */
  address?(options: Options): boolean;
  /** How a client that brought no key is told of the one that is made for it; absent, or undefined: none is made. */
  made?(options: Options): MadeCookie | undefined;
  /** The key that a response mints or takes back; undefined when it does neither. */
  minted?(headers: Headers, now: number, options: Options): Minted | undefined;
}

/** What every source with a key has: how long a session lasts that is not seen. Milliseconds, sliding. */
export interface KeyedOptions {
  readonly timeout: number;
}
