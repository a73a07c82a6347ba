import { dump } from "js-yaml";
import { STATES } from "../../src/health/state.ts";
import type { MetricName } from "../../src/metrics/catalog.ts";
import { RULES, type Rule, type RuleName, SLOW } from "../../src/metrics/rules.ts";

/** So long a window as Prometheus needs to see a rate, scraping every 15 s. */
const RANGE = "1m";

const REQUESTS = "mooring_requests_total" satisfies MetricName;
const DURATION = "mooring_request_duration_seconds" satisfies MetricName;
const PODS = "mooring_pods" satisfies MetricName;
const CREATED = "mooring_sessions_created_total" satisfies MetricName;
const FAILED = "mooring_sessions_create_failed_total" satisfies MetricName;

const grown = (series: string) => `sum by (pool) (increase(${series}[${RANGE}]))`;
/** A pool that has no such series yet has none of it, where another has some. */
const orNone = (bad: string, all: string) => `(${bad} or ${all} * 0)`;
const among = (fits: (state: { readonly admit: boolean; readonly tried: boolean }) => boolean) =>
  Object.entries(STATES)
    .filter(([, state]) => fits(state))
    .map(([name]) => name)
    .join("|");

/** How many there are, and how many of them are bad, as expressions by pool. */
const SHARES: Record<RuleName, { readonly all: string; readonly bad: string }> = {
  "error-rate": { all: grown(REQUESTS), bad: grown(`${REQUESTS}{code=~"5.."}`) },
  "slow-requests": {
    all: grown(`${DURATION}_count`),
    bad: `(${grown(`${DURATION}_count`)} - ${grown(`${DURATION}_bucket{le="${SLOW / 1000}"}`)})`,
  },
  "unavailable-pods": {
    all: `sum by (pool) (${PODS}{state=~"${among(({ tried }) => tried)}"})`,
    bad: `sum by (pool) (${PODS}{state=~"${among(({ tried, admit }) => tried && !admit)}"})`,
  },
  "session-creation": {
    all: `(${orNone(grown(CREATED), grown(FAILED))} + ${orNone(grown(FAILED), grown(CREATED))})`,
    bad: grown(FAILED),
  },
};

/** `error-rate` → `MooringErrorRate`. */
const nameOf = (rule: string) =>
  `Mooring${rule.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}`;

/** The alert rules as a rule file of Prometheus, so that they are watched from outside, too. */
export function rulesFile(): string {
  const rules = Object.entries<Rule>(RULES).map(([rule, { summary, threshold, hold, least }]) => {
    const { all, bad } = SHARES[rule as RuleName];
    return {
      alert: nameOf(rule),
      expr: `${bad} / ${all} > ${threshold} and ${all} >= ${least}`,
      ...(hold === 0 ? {} : { for: `${hold / 1000}s` }),
      labels: { severity: "page" },
      annotations: {
        summary: `{{ $labels.pool }}: {{ $value | humanizePercentage }} of ${summary}`,
      },
    };
  });
  const away = {
    alert: "MooringCoordinatorAway",
    expr: `absent(mooring_config_revision)`,
    for: "1m",
    labels: { severity: "page" },
    annotations: { summary: "no metrics come: the coordinator is away, or what scrapes it may not" },
  };
  const head =
    "# Made of src/metrics by npm run metrics; it is checked against them. promtool check rules reads it.\n";
  return (
    head + dump({ groups: [{ name: "mooring", rules: [...rules, away] }] }, { lineWidth: -1, noRefs: true })
  );
}
