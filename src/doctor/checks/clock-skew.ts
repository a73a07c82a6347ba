import { type Check, rounded } from "../finding.ts";

/** What sessions bear without notice, and what shortens their idle time by minutes. Milliseconds. */
const NOTICED = 60_000;
const HARMFUL = 300_000;

/** Expiry goes by the clock of whichever edge looks. */
export const clockSkew: Check = {
  summary: "Clock skew: an isolate's clock is far from the coordinator's, so idle times end early or late",
  threshold: "60 s; error from 5 min on",
  look({ isolates }) {
    const off = isolates.filter(({ ahead }) => ahead !== undefined && Math.abs(ahead) >= NOTICED);
    if (off.length === 0) return [];
    const worst = Math.max(...off.map(({ ahead }) => Math.abs(ahead!)));
    return [
      {
        severity: worst >= HARMFUL ? "error" : "warning",
        title: "Clocks of edges and coordinator disagree",
        evidence: {
          isolates: off.length,
          active: isolates.length,
          secondsAhead: Object.fromEntries(
            off.slice(0, 20).map(({ isolate, ahead }) => [isolate, rounded(ahead! / 1000)]),
          ),
        },
        fix: "Run NTP (chrony, systemd-timesyncd) on the machines of these edges and of the coordinator. If all edges are off alike, it is the coordinator's clock that is wrong.",
      },
    ];
  },
};
