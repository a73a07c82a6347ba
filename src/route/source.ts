import { type AffinityName, affinities } from "../affinity/index.ts";
import type { AffinitySource, Asked, KeyedOptions, MadeCookie, Minted } from "../affinity/source.ts";
import type { AffinityConfig } from "../model/pool.ts";
import type { Chance } from "../model/ports.ts";
import type { CookieShape } from "../sessions/cookie.ts";
import { toHex } from "../sessions/token.ts";
import type { Life } from "./trip.ts";

/** An affinity source of a scope that finds sessions by a key. */
export interface SourceRuntime {
  readonly carrier: "key" | "minted";
  /** Scope and source: what tells equal values apart. No value can hold its end. */
  readonly label: string;
  readonly life: Life;
  /** In a chain behind the scope's token: a client that it finds is given one all the same. */
  readonly behindToken: boolean;
  key(asked: Asked): string | undefined;
  /** Whether that goes by the client's address. */
  readonly byAddress: boolean;
  /** What places its new sessions where a policy goes by values; undefined: the key. */
  readonly placing: ((asked: Asked) => string | readonly string[] | undefined) | undefined;
  minted(headers: Headers, now: number): Minted | undefined;
  /** A key for a client that brought none; undefined: it makes none. */
  readonly make: ((chance: Chance) => string) | undefined;
  /** How its client is told of that. */
  readonly told: Told | undefined;
}

/** A cookie that tells a key. */
export interface Told {
  readonly name: string;
  readonly shape: CookieShape;
  readonly secure: "auto" | boolean;
}

/** Undefined for sources that find no session by a key. */
export function sourceRuntime(
  scope: string,
  { source: name, options }: AffinityConfig,
  behindToken: boolean,
): SourceRuntime | undefined {
  const source = affinities[name as AffinityName] as AffinitySource<unknown>;
  const { carrier, key, label, minted, made, placing } = source;
  if ((carrier !== "key" && carrier !== "minted") || key === undefined) return undefined;
  return {
    carrier,
    label: `${scope} ${label?.(options) ?? name}\n`,
    life: { idle: (options as unknown as KeyedOptions).timeout / 1000, absolute: undefined },
    behindToken,
    key: (asked) => key(asked, options),
    byAddress: source.address?.(options) === true,
    placing: placing && ((asked) => placing(asked, options)),
    minted: (headers, now) => minted?.(headers, now, options),
    ...making(made?.(options)),
  };
}

/** 16 hex digits, as Envoy makes them. */
function making(made: MadeCookie | undefined): Pick<SourceRuntime, "make" | "told"> {
  if (made === undefined) return { make: undefined, told: undefined };
  const { name, secure, ...shape } = made;
  return { make: (chance) => toHex(chance.bytes(8)), told: { name, shape, secure } };
}
