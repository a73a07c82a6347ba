import { createHash } from "node:crypto";
import { vectors } from "./vectors.ts";

/** What ingress-nginx answered to cookies of one backend: figures, of which `endpoint` "RANDOM" is any. */
export interface LiveCase {
  readonly backend: string;
  readonly endpoints: readonly string[];
  readonly vectors: readonly {
    readonly cookie_value: string;
    readonly style: string;
    readonly endpoint: string;
  }[];
}

export type Mode = "balanced" | "persistent";

const KEY = "210a2307f4fe9110ec03fecd033b51b0";
const ENDPOINTS = ["10.1.0.11:8080", "10.1.0.12:8080", "10.1.0.13:8080"];

/** One of a kind, so that each rule stands in the tests themselves. */
const HANDFUL: Record<Mode, [style: string, value: string, endpoint: number | "RANDOM"][]> = {
  balanced: [
    ["new", `1757698459.933.11660.565530|${KEY}`, 2],
    ["new", `1735755933.88369.842884|${KEY}`, 0],
    ["new", `1750491988.316.2333.423486|${KEY}`, 1],
    ["legacy-no-pipe", "1739591200.905.66115.115931", 0],
    ["other-backend-key", "1758455125.95051.659491|e6fcfe26c11ce1977b1b87fab2ca6b57", 0],
    ["legacy-md5", "15e74fa4492f71e5f7585acbddaf0be3", 1],
    ["legacy-text", "foo", 1],
    ["empty-second-part", "1760679102.149.30583.470638|", 1],
    ["three-parts", `1738033665.847.18215.441921|${KEY}|extra`, 0],
    ["leading-pipe", `|1758490555.49548.119040|${KEY}`, 2],
  ],
  persistent: [
    ["issued", `e4621b9f2acdf7f05dcaffd0bcacd0ce|${KEY}`, 0],
    ["legacy-no-pipe", "ea7dd204dfd82c199bb2879cade3d2ba", 1],
    ["other-backend-key", "57903b83de0fe7914a1f441d4c2f2f4c|36b0ddcafb0a9da1c57168298fb8b403", 2],
    ["unknown-text", `foo|${KEY}`, "RANDOM"],
    ["uppercase-hex", `E4621B9F2ACDF7F05DCAFFD0BCACD0CE|${KEY}`, "RANDOM"],
    ["balanced-mode-value", `1745719619.7.26324.933973|${KEY}`, "RANDOM"],
    ["pod-gone", `29d2fbc597792afc31fec2bcef5f4c9c|${KEY}`, "RANDOM"],
    ["empty", "", "RANDOM"],
  ],
};

/** All that MOORING_VECTORS has, or a handful. */
export function liveCases(mode: Mode): readonly LiveCase[] {
  const all = vectors<{ cases: LiveCase[] }>(`ingress-nginx/${mode}.json`);
  if (all !== undefined) return all.cases;
  const handful = HANDFUL[mode].map(([style, cookie_value, at]) => ({
    ...{ style, cookie_value },
    endpoint: at === "RANDOM" ? at : ENDPOINTS[at]!,
  }));
  return [{ backend: "shop-cart-80", endpoints: ENDPOINTS, vectors: handful }];
}

/** A config of one pool of these endpoints, each of which is its own id. */
export function liveConfig(mode: Mode, backend: string, endpoints: readonly string[], more: object = {}) {
  const cookie = {
    name: "INGRESSCOOKIE",
    path: "matched",
    sameSite: "unset",
    idle: "24h",
    absolute: "7d",
    ingressNginx: { mode, backend },
    ...more,
  };
  return {
    version: 1,
    explain: true,
    pools: {
      web: {
        policy: "random",
        affinity: { cookie },
        pods: endpoints.map((id) => ({ id: id.replaceAll(":", "-"), url: `http://${id}` })),
      },
    },
    routes: [{ path: "/", pool: "web" }],
  };
}

export const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** How a cookie names the backend that issued it. */
export const backendKey = (backend: string) => md5(md5(backend) + backend);
