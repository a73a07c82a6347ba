import { asFile, type Pages } from "../chart/pages.ts";
import { beatRate } from "./beats.ts";
import { chartsOf } from "./charts.ts";
import { PRICE } from "./commands.ts";
import { type Effort, type Figures, kindName, PERIOD, tableName } from "./figures.ts";

/** Above this part of a core the coordinator is called full. */
const FULL = 0.5;

/** What a run has found, and how it was made. */
export interface Findings {
  readonly figures: Figures;
  readonly effort: Effort;
  readonly seed: number;
  /** Date, machine and Node, in one line. */
  readonly machine: string;
}

/** Where docs keeps the findings. */
export const FINDINGS = "scale/findings.json";

/** docs/scale.md, its plots, and the findings that they were made of. */
export function pagesOf(found: Findings): Pages {
  const file = asFile(found);
  // As whoever reads the file will have them.
  const findings = JSON.parse(file) as Findings;
  const plots = Object.entries(chartsOf(findings.figures)).map(([name, svg]) => [`scale/${name}`, svg]);
  return {
    "scale.md": reportOf(findings),
    [FINDINGS]: file,
    ...Object.fromEntries(plots),
  };
}

function reportOf({ figures, effort, seed, machine }: Findings): string {
  return [
    "# Scale",
    `What ${whole(effort.placed.at(-1)!)} pods, ${millions(effort.sessions)} sessions and ${whole(effort.isolates)} isolates come to: balance, movement, heartbeats, probes, the store. **This page is
written by \`npm run scale -- --write\`**: by the real tables, rules and sums in virtual time, as [the simulator](../tools/sim/README.md) has
them. \`npm run scale -- --quick\` checks the same in small.`,
    `Made by: ${machine}; seed ${seed}. Only what is said to be of a core depends on the machine.`,
    balance(figures),
    inflightSection(figures),
    movement(figures),
    heartbeats(figures),
    probes(figures),
    store(figures),
    LIMITS,
  ].join("\n\n");
}

function balance({ placements }: Figures): string {
  const rows = placements.map(({ pods, bits, most, p99, least }) => [
    whole(pods),
    tableName(bits),
    most.toFixed(2),
    p99.toFixed(2),
    least.toFixed(2),
  ]);
  return `## Balance of sessions

${tableOf(["pods", "placed", "fullest pod", "99th percentile", "emptiest pod"], rows)}

Relative to the mean pod. "By chance" is what no hash can better: sessions are dealt like dice. A table adds what its slots
are uneven by. \`tableBits: 16\`, the default, does for some hundred pods; above them take 17 or 18, before there are
sessions found by keys, as another number moves their homes.

![The fullest pod](scale/balance.svg)`;
}

function inflightSection({ inflight }: Figures): string {
  const rows = inflight.map(({ pods, isolates, guarded, random, perfect }) => [
    whole(pods),
    whole(isolates),
    guarded.toFixed(2),
    random.toFixed(2),
    perfect.toFixed(2),
  ]);
  return `## Balance of requests

Requests of 5 s, pods loaded to three quarters, the mean over time of the busiest pod, relative to the mean pod:

${tableOf(["pods", "isolates", "`least-request`", "by chance", "by who knows all"], rows)}

![Requests in flight at the busiest pod](scale/inflight.svg)

The more pods, the rarer an isolate's own requests to any of them, and the more \`least-request\` goes by what heartbeats
told. "Who knows all" draws two pods as well, and knows of every request at once.`;
}

function movement({ movements }: Figures): string {
  const rows = movements.map(({ pods, changed, theirs, others, most, leaving, coming }) => [
    whole(pods),
    whole(changed),
    percent(theirs),
    percent(others),
    most.toFixed(2),
    percent(leaving),
    percent(coming),
  ]);
  const head = ["pods", "that change", "out: their sessions", "out: others", "fullest pod then"];
  return `## Movement

${tableOf([...head, "leave: homes of others", "come: homes of others"], rows)}

Of all sessions. When probes find pods *out*, their sessions move, and no other. When the same pods *leave* the config, or as many
*come*, the table is built anew, and some keys have another home. **That moves nobody who has a session**: a cookie names its
pod, and a key has its binding in the store. It tells where a key goes that has neither.

![Keys with another home](scale/movement.svg)`;
}

function heartbeats({ beats }: Figures): string {
  const rows = beats.map(({ pods, rate, up, down, work }) => [
    whole(pods),
    rate.toFixed(0),
    kilobytes(up),
    kilobytes(down),
    `${((rate * down) / 1e6).toFixed(1)} MB/s`,
    `${work.toFixed(2)} ms`,
    percent((rate * work) / 1000, 0),
    isolatesAt(work) > 50_000 ? "more than 50,000" : whole(round(isolatesAt(work))),
  ]);
  const head = ["pods", "heartbeats/s", "one", "its answer", "answers in all", "work for one", "of a core"];
  return `## Heartbeats, and when to shard the coordinator

An isolate that serves requests beats every second, with over 200 of them every isolates/200 s, and every 5 s at most: 200 heartbeats
a second from 200 to 1,000 isolates, and one for each five isolates above.

![Heartbeats by isolates](scale/heartbeats.svg)

An answer tells the load of every busy pod of the pools that the isolate used, so it grows with the pods. At ${whole(beats[0]!.isolates)} isolates:

${tableOf([...head, "isolates at half a core"], rows)}

![Answers in a second](scale/answers.svg)

Work is JSON in, sums, ejection, JSON out, of a core of this machine; what the object's platform adds is not in it. So one coordinator
is enough for ${enough(beats)}. What is beyond
is sharded **by pools**: a coordinator knows the pools of its config, and pools that share no sessions share nothing, so a second
deployment takes some of them, its hosts routed to it. Many isolates over few pods are not helped by that; they beat more
rarely by themselves, and what suffers is how old the load is that they go by, never a session.`;
}

function probes({ probing }: Figures): string {
  const rows = probing.map(({ pods, hanging, rate, median, p99, open, work }) => [
    whole(pods),
    percent(hanging, 0),
    rate.toFixed(0),
    `${median.toFixed(2)} s`,
    `${p99.toFixed(2)} s`,
    whole(open),
    percent((rate * work) / 1000, 0),
  ]);
  const share = ({ rate, work }: (typeof probing)[number]) => (rate * work) / 1000;
  const most = Math.max(...probing.filter((one) => share(one) <= FULL).map(({ pods }) => pods));
  const beyond = probing.some((one) => share(one) > FULL);
  const last = beyond
    ? ""
    : `, the most that was tried, at ${percent(Math.max(...probing.map(share)), 0)} of one at most`;
  const head = ["pods", "that hang", "probes/s", "between two verdicts", "the same, 99th percentile"];
  return `## Probes, and when to shard them

A readiness probe every ${PERIOD} s with a time-out of 1 s, by the real rule of what is due. Each alarm makes at most six probes at once, as many
as one invocation has connections; the next alarm does not wait for it, so a pod that hangs holds up six at most.

${tableOf([...head, "most at once", "of a core"], rows)}

![Time between two verdicts](scale/probes.svg)

Verdicts stay on time. What grows is the book-keeping: who is due is looked for among all pods, at each alarm. It stays under half
a core up to ${whole(most)} pods here${last} (with what the simulation adds); where it does not, probe more rarely (\`period: 30s\` is a sixth of the work, and edges
tell of a pod that refuses within a second anyway), or shard by pools, as above.`;
}

function store({ commands }: Figures): string {
  const rows = commands.map(({ kind, idle, requests, commands: count, rate, month }) => [
    kindName(kind, idle),
    (count / requests).toFixed(3),
    whole(rate),
    billions(month),
    dollars(month * PRICE),
    dollars(month * PRICE * 2),
  ]);
  const keyed = commands.find(({ kind }) => kind === "client-ip")!;
  const usual = commands.find(({ idle }) => idle === "30m")!;
  return `## The store

Users who make a request every half minute for two hours, at eight isolates, by the real edge; what it asked the store, for a million of
them at once:

${tableOf(["sessions", "commands for a request", "commands/s", "in a month", "by the command", "with one read region"], rows)}

![Commands by idle timeout](scale/commands.svg)

![Cost by idle timeout](scale/cost.svg)

- **A session by a cookie** costs its beginning and a renewal every idle/4, whatever its requests. The idle timeout is the lever: longer
  ones cost less, and pods keep what they hold for longer.
- **A session by a key** is asked for once by each isolate and heartbeat's period, which with rare requests is every request: ${Math.round(keyed.rate / usual.rate)} times
  the commands of a cookie's here.
- Prices are Upstash's by the command, $0.20 for 100,000, writes once more for each read region. At a million sessions that is no way to
  pay: ${whole(usual.rate)} commands a second are little for one Redis of a fixed price, or of one's own.`;
}

const LIMITS = `## What this does not say

- The platform's own limits, such as requests in a second to one Durable Object, come before half a core does on some. Measure there.
- Nothing here went over a network. \`npm run fleet\` and \`npm run bench\` do, on one machine.
- Sessions are alike here. Real ones are not: some make most of the requests, and evenness of sessions is not evenness of load.
`;

/** How many isolates beat so often that it takes half a core, given the work for one heartbeat in milliseconds. */
function isolatesAt(work: number): number {
  const rate = (FULL * 1000) / work;
  return rate < beatRate(1000) ? rate : rate * 5;
}

function enough(beats: Figures["beats"]): string {
  return beats
    .filter(({ pods }) => pods >= 1000)
    .map(({ pods, work }) => `${whole(pods)} busy pods with about ${whole(round(isolatesAt(work)))} isolates`)
    .join(", or ");
}

/** To two digits. */
function round(value: number): number {
  return Number(value.toPrecision(2));
}

function millions(count: number): string {
  return count === 1_000_000 ? "a million" : whole(count);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function billions(count: number): string {
  return count === 0 ? "0" : `${(count / 1e9).toFixed(1)} billion`;
}

function dollars(amount: number): string {
  return `$${whole(amount)}`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

function percent(part: number, digits = 2): string {
  return `${Number((part * 100).toFixed(digits))} %`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}
