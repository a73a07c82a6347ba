import { addressChanging } from "./checks/address-changing.ts";
import { addressShared } from "./checks/address-shared.ts";
import { clockSkew } from "./checks/clock-skew.ts";
import { configBehind } from "./checks/config-behind.ts";
import { connectFailures } from "./checks/connect-failures.ts";
import { edgesDisagree } from "./checks/edges-disagree.ts";
import { hotSession } from "./checks/hot-session.ts";
import { idleTooShort } from "./checks/idle-too-short.ts";
import { keyRetired } from "./checks/key-retired.ts";
import { keyWorn } from "./checks/key-worn.ts";
import { keysDiffer } from "./checks/keys-differ.ts";
import { noRoute } from "./checks/no-route.ts";
import { podErrors } from "./checks/pod-errors.ts";
import { podsEmpty } from "./checks/pods-empty.ts";
import { podsFlapping } from "./checks/pods-flapping.ts";
import { podsFull } from "./checks/pods-full.ts";
import { podsNotReady } from "./checks/pods-not-ready.ts";
import { podsRolling } from "./checks/pods-rolling.ts";
import { retriesSpent } from "./checks/retries-spent.ts";
import { storeFailing } from "./checks/store-failing.ts";
import { storeSlow } from "./checks/store-slow.ts";
import { timeOuts } from "./checks/time-outs.ts";
import { tokensUnknown } from "./checks/tokens-unknown.ts";
import { unevenSessions } from "./checks/uneven-sessions.ts";
import { unevenWeights } from "./checks/uneven-weights.ts";
import type { Checkup } from "./checkup.ts";
import type { Check, Finding } from "./finding.ts";

/** The registry: a check is its file, its line here, its row in docs/doctor.md and its case in test/doctor. */
export const checks = {
  "idle-too-short": idleTooShort,
  "pods-rolling": podsRolling,
  "pods-flapping": podsFlapping,
  "address-shared": addressShared,
  "address-changing": addressChanging,
  "uneven-sessions": unevenSessions,
  "uneven-weights": unevenWeights,
  "hot-session": hotSession,
  "pods-not-ready": podsNotReady,
  "pods-empty": podsEmpty,
  "connect-failures": connectFailures,
  "time-outs": timeOuts,
  "no-route": noRoute,
  "pods-full": podsFull,
  "pod-errors": podErrors,
  "retries-spent": retriesSpent,
  "store-failing": storeFailing,
  "store-slow": storeSlow,
  "edges-disagree": edgesDisagree,
  "clock-skew": clockSkew,
  "key-worn": keyWorn,
  "key-retired": keyRetired,
  "tokens-unknown": tokensUnknown,
  "keys-differ": keysDiffer,
  "config-behind": configBehind,
} as const satisfies Record<string, Check>;

export type CheckName = keyof typeof checks;

/** What is wrong now, errors first; empty when nothing is. */
export function diagnose(checkup: Checkup): Finding[] {
  const findings = Object.entries<Check>(checks).flatMap(([id, check]) =>
    check.look(checkup).map(({ severity, title, evidence, fix }) => ({ id, severity, title, evidence, fix })),
  );
  return findings.sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
}
