import { expect } from "vitest";
import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import type { PodTag } from "../../src/model/pod.ts";
import type { BindingStore, Swap } from "../../src/model/ports.ts";
import { seeded } from "./seeded.ts";
import { CAUSED, EPOCH, HELD, type Holds } from "./swap-cases.ts";

/** Leaves something that does not parse where the binding of a sid belongs. */
export type Corrupt = (sid: Sid) => Promise<void>;

const chance = seeded(20_261_123);
let tags = 0x5000;

/** Nothing that a test wrote is taken away again, so each has sids of its own, spread over all shards. */
export function freshSid(): Sid {
  return [...chance.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A pod that no test has named yet. */
export function freshPod(): PodTag {
  return tags++;
}

const HOUR = 3_600_000;

/** When the tests began, and an absolute expiry. Milliseconds since the epoch. */
export const NOW = Date.now();
export const FAR = NOW + HOUR;

/** Before any compare-and-set of these tests is made. */
export const EXPIRED = 1500;

/** Long enough that nothing ends within a test. */
export const KEEP: Retention = { ttl: HOUR, expires: NOW + HOUR / 2 };

/** A live binding of epoch 1 with a sid and a pod of its own. */
export function binding(parts: Partial<Binding> = {}): Binding {
  const pod = parts.pod ?? freshPod();
  return {
    sid: freshSid(),
    epoch: 1,
    home: pod,
    state: "A",
    cause: "",
    created: 1000,
    exp: FAR,
    via: "web@*",
    ...parts,
    pod,
  };
}

/** A compare-and-set by the token that says what `token` does. */
export function swap(op: Swap["op"], token: Binding, parts: Partial<Swap> = {}): Swap {
  const { sid, epoch, pod, home, created, exp, via } = token;
  return { op, sid, epoch, pod, to: pod, home, cause: "pod-gone", created, exp, via, ...parts };
}

/** Brings the store to hold what a case names; answers that and the token that meets it. */
export async function arrange(store: BindingStore, corrupt: Corrupt | undefined, holds: Holds) {
  const pods = { token: freshPod(), to: freshPod(), other: freshPod() };
  const homes = { stored: freshPod(), swap: freshPod() };
  const sid = freshSid();
  const token = binding({ sid, epoch: EPOCH, pod: pods.token, home: homes.swap, created: 2000, exp: FAR });
  const [epoch, at, state] = HELD[holds] ?? [];
  let stored: Binding | undefined;
  if (holds === "corrupt") await corrupt!(sid);
  if (epoch !== undefined && at !== undefined && state !== undefined) {
    // It lives longer than the token, which no compare-and-set may take from it.
    const life = { created: 1000, exp: holds.startsWith("expired") ? EXPIRED : FAR + 5000, via: "web@*" };
    stored = { sid, epoch, pod: pods[at], home: homes.stored, state, cause: CAUSED.stored, ...life };
    if (state === "A") await store.create(stored, KEEP);
    else await store.swap(swap("revoke", stored, { epoch: epoch - 1, cause: CAUSED.stored }), KEEP);
  }
  expect(await store.read(sid)).toEqual(stored);
  return { sid, pods, homes, token, stored };
}
