import type { Check } from "../finding.ts";

/** A config is in force everywhere within this. Milliseconds. */
const EVERYWHERE = 10_000;
/** Who was idle, or is new, tells of an old revision once, and of none at first. */
const HEARTBEATS = 3;

/** An isolate has been told of the config, and does not hold it. */
export const configBehind: Check = {
  summary: "Config that some isolates have not got",
  threshold:
    "three heartbeats of an isolate in a row tell of another revision, the last 10 s after this one came into force",
  look({ isolates, revision, enforced }) {
    const behind = isolates.filter(
      (one) => one.revision !== revision && one.behind >= HEARTBEATS && one.at - enforced >= EVERYWHERE,
    );
    if (behind.length === 0) return [];
    return [
      {
        severity: "error",
        title: "Some isolates have not got the config",
        evidence: {
          revision,
          behind: behind.length,
          active: isolates.length,
          holds: Object.fromEntries(behind.slice(0, 20).map((one) => [one.isolate, one.revision])),
        },
        fix: "Their log says why: a config that their version does not know (deploy one version to all edges), or a coordinator's answer that does not reach them. Restart them when in doubt: sessions live by their cookies.",
      },
    ];
  },
};
