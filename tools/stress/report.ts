import { type Chart, draw, type Series } from "../chart/chart.ts";
import type { Gate } from "../fleet/gate.ts";
import type { HappenedFault } from "./conduct.ts";
import type { Second } from "./timeline.ts";

export interface ReportOptions {
  /** By which it was made. */
  readonly command: string;
  /** Date and machine. */
  readonly where: string;
  readonly gates: readonly Gate[];
  readonly faults: readonly HappenedFault[];
  readonly seconds: readonly Second[];
}

/** Points in a curve at most: neighbours are put together. */
const POINTS = 90;

/** A run as one page of HTML, with its plots and figures, that needs nothing else. */
export function report({ command, where, gates, faults, seconds }: ReportOptions): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    "<title>Mooring under stress</title>",
    `<style>${STYLE}</style>`,
    "<h1>Mooring under stress</h1>",
    `<p><code>${escaped(command)}</code>: ${escaped(where)}. Latency counts from when a request was due, at a fixed rate, whatever became of those before it.</p>`,
    ...chartsOf(seconds).map(draw),
    "<h2>What was done to it</h2>",
    tableOf(
      ["fault", "whom", "its sessions", "from, s", "until, s"],
      faults.map(({ what, whom, sessions, from, until }) => [
        what,
        whom,
        sessions === undefined ? "" : `${sessions}`,
        from.toFixed(1),
        until.toFixed(1),
      ]),
    ),
    "<h2>What came of it</h2>",
    tableOf(
      ["", "value", "bar", "pass"],
      gates.map(({ name, value, bar, unit, pass }) => [
        name,
        value === null ? "not measured" : `${rounded(value)} ${unit}`,
        bar === null ? "" : rounded(bar),
        pass === null ? "" : pass ? "yes" : "NO",
      ]),
    ),
    "</html>\n",
  ].join("\n");
}

const STYLE = [
  "body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}",
  "svg{max-width:100%;height:auto;display:block;margin:1rem 0}",
  "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}",
].join("");

function chartsOf(seconds: readonly Second[]): Chart[] {
  const names = Object.keys(seconds.at(-1)?.memory ?? {});
  const ours = names.filter((name) => !/^(?:web|users)-/.test(name));
  const time = { label: "seconds" };
  const curve = (name: string, of: (second: Second) => number, how: Fold): Series => ({
    name,
    points: folded(seconds, of, how),
  });
  return [
    {
      title: "Users, and connections that are open",
      x: time,
      y: { label: "at once" },
      series: [
        curve("users", ({ users }) => users, most),
        curve("connections", (one) => one.connections, most),
      ],
    },
    {
      title: "Answers",
      x: time,
      y: { label: "a second" },
      series: [
        curve("answers", ({ answers }) => answers, mean),
        curve("echoes of WebSockets", ({ echoes }) => echoes, mean),
        curve("events of streams", ({ events }) => events, mean),
      ],
    },
    {
      title: "Latency from when a request was due",
      x: time,
      y: { label: "ms", log: true },
      series: [
        curve("p50", ({ p50 }) => p50, mean),
        curve("p99", ({ p99 }) => p99, most),
        curve("longest", ({ max }) => max, most),
      ],
    },
    {
      title: "What users noticed",
      x: time,
      y: { label: "a second" },
      series: [
        curve("sessions that changed their pod", ({ changes }) => changes, most),
        curve("interruptions", ({ interruptions }) => interruptions, most),
        curve("errors", ({ troubles }) => troubles, most),
      ],
    },
    {
      title: "Memory",
      x: time,
      y: { label: "MiB" },
      series: ours.map((name) => curve(name, ({ memory }) => memory[name] ?? Number.NaN, mean)),
    },
  ];
}

type Fold = (values: readonly number[]) => number;
const most: Fold = (values) => Math.max(...values);
const mean: Fold = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function folded(seconds: readonly Second[], of: (second: Second) => number, how: Fold) {
  const width = Math.max(1, Math.ceil(seconds.length / POINTS));
  const points = [];
  for (let i = 0; i < seconds.length; i += width) {
    const some = seconds.slice(i, i + width);
    points.push({ x: some[0]!.at, y: how(some.map(of)) });
  }
  return points;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>\n${[row(head, "th"), ...rows.map((cells) => row(cells, "td"))].join("\n")}\n</table>`;
}

function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
