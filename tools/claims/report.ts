import type { Point } from "../chart/chart.ts";
import { asFile, type Pages } from "../chart/pages.ts";
import type { Agreement } from "./agreement.ts";
import { chartsOf, failureBy, fewerBy } from "./charts.ts";
import { expectedFewer, type Seen, type Swept } from "./experiment.ts";
import { KINDS, NAMES } from "./kinds.ts";
import { BASE, type Model, PARAMETERS, SMALL } from "./model.ts";
import { PUBLISHED } from "./published.ts";
import { type Estimate, reaches } from "./statistics.ts";

export interface Findings {
  readonly seen: Seen;
  readonly swept: readonly Swept[];
  readonly agreement: Agreement;
  readonly effort: { readonly seeds: number; readonly sweepSeeds: number; readonly first: number };
  /** Date, machine and Node, in one line. */
  readonly machine: string;
}

/** Where docs keeps the findings. */
export const FINDINGS = "claims/findings.json";

/** docs/claims.md, its plots, and the findings that they were made of. */
export function pagesOf(found: Findings): Pages {
  const file = asFile(found);
  // As whoever reads the file will have them.
  const findings = JSON.parse(file) as Findings;
  const plots = Object.entries(chartsOf(findings.swept)).map(([name, svg]) => [`claims/${name}`, svg]);
  return {
    "claims.md": reportOf(findings),
    [FINDINGS]: file,
    ...Object.fromEntries(plots),
  };
}

function reportOf(findings: Findings): string {
  const { effort, machine } = findings;
  return [
    "# Two claims about stickiness, put to the test",
    `> Cookies give ${PUBLISHED.fewer * 100} % fewer interruptions than the client's IP address.
>
> ${PUBLISHED.failed * 100} % of transactions failed without stickiness.`,
    `Both figures are published, and neither with the users, the network and the pods that it holds for. Here the same users meet
four kinds of stickiness. **This page is written by \`npm run claims -- --write\`**: its figures are results of that run, its
words are not, and \`npm run claims -- --quick\` checks the same in small.`,
    `Made by: ${machine}; seeds ${effort.first} to ${effort.first + effort.seeds - 1}, in the sweeps the first ${effort.sweepSeeds} of them.`,
    "## What came out",
    results(findings.seen),
    `± is twice the standard error over the seeds. An *interruption* is a request that comes to a pod which does not have what the
same user's last request left in its memory; the user then begins anew at that pod. *Its pod lived*: nothing had happened to
the pod that had it. A *transfer* is three requests; it fails when the second or third comes to a pod that knows nothing of it,
or any of them gets no answer.`,
    fewerSection(findings),
    failedSection(findings),
    sensitivity(),
    httpSection(findings.agreement),
    modelSection(),
    LIMITS,
  ].join("\n\n");
}

function results({ kinds }: Seen): string {
  const rows = NAMES.map((name) => {
    const { total, rate, failure, peak } = kinds[name]!;
    return [
      `\`${name}\``,
      String(total.requests),
      plusMinus(rate, 1),
      percentOf(total.lost + total.astray, total.astray),
      `${plusMinus(failure, 100)} %`,
      `${peak.mean.toFixed(2)} ×`,
    ];
  });
  const head = ["", "requests", "interruptions in 100 h of use", "of them, its pod lived"];
  return tableOf([...head, "transfers that failed", "busiest pod / mean pod"], rows);
}

function fewerSection({ seen, swept }: Findings): string {
  const own = seen.fewer!;
  const published = PUBLISHED.fewer * 100;
  const off = Math.abs(own.mean * 100 - published);
  const verdict =
    off <= own.error * 100
      ? `That is the published figure within our error,
which says little for it: other assumptions that are as good lead elsewhere.`
      : `That is not the published figure: they are ${off.toFixed(0)} points apart, and our error is ${(own.error * 100).toFixed(0)}.`;
  const rows = (["changes", "restarts", "usersPerNat", "pods"] as const).map((parameter) => {
    const points = fewerBy(swept.find(({ sweep }) => sweep.parameter === parameter)!);
    const [low, high] = [points[0]!, points.at(-1)!];
    const at = crosses(points, published);
    return [
      PARAMETERS[parameter].text,
      String(BASE[parameter]),
      `${low.y.toFixed(0)} % at ${low.x}`,
      `${high.y.toFixed(0)} % at ${high.x}`,
      at === undefined ? "cannot be told from chance" : `at about ${Number(at.toPrecision(2))}`,
    ];
  });
  return `## "${published} % fewer interruptions than by client IP"

Under the assumptions below cookies save **${plusMinus(own, 100)} %** of the interruptions that there are by the client's address. ${verdict}

A change of the address interrupts only who is known by it, and not where chance leads back to the same of n pods. A restart
of a pod interrupts both. So what cookies save should be

    p·c·(1 − 1/n) / (p·c·(1 − 1/n) + r)

with p the part of the users on phones, c changes of a phone's address and r restarts of a pod in the same time: here
${(100 * expectedFewer(seen.model)).toFixed(0)} %. The figure tells how often phones change their address *for each restart of a pod*, and nothing of cookies; those
interrupted ${seen.kinds.cookie!.total.astray} sessions whose pod lived. Each parameter by itself, with the others as they are:

${tableOf(["", "here", "saved at its lowest value", "saved at its highest", `${published} % is reached`], rows)}`;
}

function failedSection({ seen, swept }: Findings): string {
  const published = PUBLISHED.failed * 100;
  const free = seen.kinds.none!.failure;
  const tied = seen.kinds.connection!.failure;
  const at = reaches(
    failureBy(swept.find(({ sweep }) => sweep.parameter === "keepAlive")!, "connection"),
    published,
  );
  const reached =
    at === undefined
      ? "No keep-alive that we tried comes to the published figure."
      : `The published figure is reached where a connection is given up after about **${at.toFixed(0)} s** of silence, with ${BASE.step} s from step to step.`;
  return `## "${published} % of transactions failed without stickiness"

Where each request goes to any of ${BASE.pods} pods, **${plusMinus(free, 100)} %** of the transfers fail. A transfer succeeds when chance leads two more
steps to the pod of the first: 1/n² of them, so that ${percent(1 - 1 / BASE.pods ** 2)} fail at ${BASE.pods} pods, and ${percent(1 - 1 / 4)} at two. No number of pods above one gives ${published} %.

It can be had where not each request is placed, but each connection, as kube-proxy and TCP balancers do: while a client's
connection is kept alive, its requests stay together, without anybody having asked for stickiness. At nginx's default of
${BASE.keepAlive} s ${plusMinus(tied, 100)} % fail. ${reached} So the figure
tells how long clients pause, compared with how long connections are kept.`;
}

/** Where a curve comes to a level, if its ends are on both sides of it beyond their errors. */
function crosses(points: readonly Point[], level: number): number | undefined {
  const [first, last] = [points[0]!, points.at(-1)!];
  const above = ({ y, low = y }: Point) => low > level;
  const below = ({ y, high = y }: Point) => high < level;
  const apart = (above(first) && below(last)) || (below(first) && above(last));
  return apart ? reaches(points, level) : undefined;
}

function sensitivity(): string {
  return `## How much each assumption matters

![What cookies save, by each parameter](claims/sensitivity.svg)

![Interruptions by address changes](claims/interruptions.svg)

![Interruptions by restarts](claims/restarts.svg)

Users behind one NAT are one session by the client's address. They are interrupted no more often for it, but together, and
their pod has all of them:

![The busiest pod by users behind a NAT](claims/nat.svg)

![Transfers that fail by pods](claims/transfers.svg)

![Transfers that fail by keep-alive](claims/keep-alive.svg)`;
}

function httpSection({ compared, real, replays }: Agreement): string {
  const rows = compared.map(({ kind, figure, virtual, deviation, real: seen, bar }) => [
    `\`${kind}\`: ${figure}`,
    String(seen),
    `${virtual.toFixed(1)} ± ${deviation.toFixed(1)}`,
    Math.abs(seen - virtual).toFixed(1),
    bar.toFixed(1),
  ]);
  const requests = NAMES.reduce((sum, kind) => sum + real[kind]!.requests, 0);
  return `## The same over real HTTP, in small

${SMALL.users} users by each kind and ${SMALL.length} seconds, in which minutes of a user are seconds: ${SMALL.edges} edges and a coordinator in workerd, ${SMALL.pods} pods as processes
that are killed and started again, ${requests} requests. The very same script was then played ${replays} times in virtual time with other
dice. ± is the standard deviation of one such run; further apart than four of them, and one event, is an error.

${tableOf(["", "over HTTP", "in virtual time", "apart", "at most"], rows)}`;
}

function modelSection(): string {
  const kinds = NAMES.map((name) => [
    `\`${name}\``,
    KINDS[name].text,
    `\`${JSON.stringify(KINDS[name].affinity)}\``,
  ]);
  const names = Object.keys(PARAMETERS) as (keyof Model)[];
  const parameters = names.map((name) => {
    const { text, unit, source } = PARAMETERS[name];
    return [text, `${BASE[name]} ${unit}`, `${SMALL[name]} ${unit}`, source];
  });
  return `## The model

Real: the edge from the request to the response (\`src/route\`), the core in WebAssembly, the probes' and the store's rules, the
coordinator's answers, as in [the simulator](../tools/sim/README.md). Modelled: users, addresses and the pods' memory
(\`tools/claims\`). Every kind places new sessions by the default policy, a
hash, so that only stickiness tells them apart. A pod that restarts is killed: nobody drained it, what it had in memory is
gone, and it comes back under its name.

${tableOf(["kind", "", "`affinity` of its pool"], kinds)}

| parameter | in virtual time | over HTTP | from |
|---|---|---|---|
${parameters.map((row) => `| ${row.join(" | ")} |`).join("\n")}

"Assumed" means that we know of no measurement that holds for more than the site that it was made at. Who knows their own
figures can put them into \`tools/claims/model.ts\`.`;
}

const LIMITS = `## What this does not say

- Nothing of latency, nor of what stickiness costs: uneven pods are in [the scale report](scale.md).
- Users look at one thing at a time. Who has two tabs open is interrupted twice by one break.
- A phone whose carrier gives it several addresses *at once* is not here. By its address it would be interrupted far more often.
- What a drain saves is not here: a pod that is drained before it restarts interrupts nobody whose session has ended meanwhile.
`;

function plusMinus({ mean, error }: Estimate, scale: number): string {
  const digits = scale === 1 || mean * scale < 10 ? 1 : 0;
  return `${(mean * scale).toFixed(digits)} ± ${(error * scale).toFixed(digits)}`;
}

function percentOf(all: number, part: number): string {
  return all === 0 ? "none" : percent(part / all);
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}
