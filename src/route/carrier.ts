import { type CookieOptions, MATCHED } from "../affinity/cookie.ts";
import type { TokenOptions } from "../affinity/token.ts";
import type { Core } from "../core/core.ts";
import type { AffinityConfig } from "../model/pool.ts";
import type { Scope } from "../model/snapshot.ts";
import type { CookieShape } from "../sessions/cookie.ts";

/** How the tokens of a scope travel, and how long sessions last by them. Seconds. */
interface CarrierRuntime {
  /** The name of their header, in lower case; undefined: a cookie. */
  readonly header: string | undefined;
  readonly idle: number;
  readonly absolute: number;
}

/** A header that carries tokens. */
export interface HeaderRuntime extends CarrierRuntime {
  readonly header: string;
  /** Whether pods see it. */
  readonly forward: boolean;
}

/** A cookie that carries them: names ready for scanning. */
export interface CookieRuntime extends CarrierRuntime {
  readonly header: undefined;
  readonly options: CookieOptions;
  readonly secureName: string;
  readonly plainName: string;
  /** The names with `=`, as they are searched for. */
  readonly secureKey: string;
  readonly plainKey: string;
  /** Both: neither is any pod's business, whichever way the client came. */
  readonly keys: readonly string[];
  readonly shape: CookieShape;
}

export type Carrier = CookieRuntime | HeaderRuntime;

/** A browser refuses a prefixed name with attributes that break the prefix's promise (RFC 6265bis 4.1.3). */
function prefixOf({ secure, path, domain }: CookieOptions): string {
  if (secure === false) return "";
  return path === "/" && domain === undefined ? "__Host-" : "__Secure-";
}

/** @param affinity that of the chain that issues tokens; undefined: none does */
export function carrierRuntime(
  { id }: Scope,
  affinity: AffinityConfig | undefined,
  core: Core,
): Carrier | undefined {
  if (affinity === undefined) return undefined;
  if (affinity.source === "cookie") return cookieRuntime(id, affinity.options as CookieOptions, core);
  const { header, idle, absolute, forward } = affinity.options as TokenOptions;
  return { header, idle: idle / 1000, absolute: absolute / 1000, forward };
}

/** The default name ends in a hash of the scope, so that scopes on one host never share a cookie. */
function cookieRuntime(scope: string, options: CookieOptions, core: Core): CookieRuntime {
  const plain = `mooring-${core.hash(scope).toString(36)}`;
  const secureName = options.name ?? prefixOf(options) + plain;
  const plainName = options.name ?? plain;
  return {
    header: undefined,
    options,
    secureName,
    plainName,
    secureKey: `${secureName}=`,
    plainKey: `${plainName}=`,
    keys: [...new Set([`${plainName}=`, `${secureName}=`])],
    shape: {
      path: options.path === MATCHED ? undefined : options.path,
      domain: options.domain,
      sameSite: options.sameSite === "unset" ? undefined : options.sameSite,
      conditional: options.conditionalSameSiteNone,
      partitioned: options.partitioned,
      maxAge: wholeSeconds(options.maxAge),
      expires: wholeSeconds(options.expires),
      verbatim: options.ingressNginx !== undefined,
    },
    idle: options.idle / 1000,
    absolute: options.absolute / 1000,
  };
}

const wholeSeconds = (ms: number | undefined) => (ms === undefined ? undefined : Math.floor(ms / 1000));
