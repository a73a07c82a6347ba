import { type Chart, draw, type Series } from "../chart/chart.ts";
import { beatRate } from "./beats.ts";
import { PRICE } from "./commands.ts";
import { BITS, type Figures, PERIOD, tableName } from "./figures.ts";

const FLEETS = [1, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const PODS = { label: "pods", log: true } as const;

/** The plots of the report, by file name. Nothing in them depends on the machine. */
export function chartsOf(figures: Figures): Record<string, string> {
  const charts: Record<string, Chart> = {
    "balance.svg": {
      title: "A million sessions: the fullest pod",
      x: PODS,
      y: { label: "times the mean pod", from: 1 },
      series: [...BITS, undefined].map((bits) => ({
        name: tableName(bits),
        points: figures.placements
          .filter((one) => one.bits === bits)
          .map(({ pods, most }) => ({ x: pods, y: most })),
      })),
    },
    "inflight.svg": {
      title: "Requests in flight at the busiest pod, 1,000 isolates",
      x: PODS,
      y: { label: "times the mean pod", from: 1 },
      series: (["guarded", "random", "perfect"] as const).map((rule) => ({
        name: { guarded: "least-request", random: "by chance", perfect: "who knows all (two drawn)" }[rule],
        points: figures.inflight.map((one) => ({ x: one.pods, y: one[rule] })),
      })),
    },
    "movement.svg": {
      title: "One pod in a hundred leaves, or comes: keys of others that have another home",
      x: PODS,
      y: { label: "of all keys (%)" },
      series: [
        series(
          "out, as probes say",
          figures.movements.map(({ pods, others }) => [pods, others * 100]),
        ),
        series(
          "left the config",
          figures.movements.map(({ pods, leaving }) => [pods, leaving * 100]),
        ),
        series(
          "came",
          figures.movements.map(({ pods, coming }) => [pods, coming * 100]),
        ),
      ],
    },
    "heartbeats.svg": {
      title: "Heartbeats that the coordinator hears",
      x: { label: "isolates that serve requests", log: true },
      y: { label: "in a second", log: true },
      series: [
        series(
          "heartbeats",
          FLEETS.map((isolates) => [isolates, beatRate(isolates)]),
        ),
      ],
    },
    "answers.svg": {
      title: "What the coordinator answers to heartbeats, all pods busy",
      x: { label: "isolates that serve requests", log: true },
      y: { label: "MB in a second", log: true },
      series: figures.beats.map(({ pods, down }) =>
        series(
          `${pods} pods`,
          FLEETS.map((isolates) => [isolates, (beatRate(isolates) * down) / 1e6]),
        ),
      ),
    },
    "probes.svg": {
      title: `Time between two verdicts about a pod, 99th percentile, a period of ${PERIOD} s`,
      x: PODS,
      y: { label: "seconds" },
      series: [...new Set(figures.probing.map(({ hanging }) => hanging))].map((part) =>
        series(
          part === 0 ? "all answer" : `${part * 100} % hang`,
          figures.probing.filter(({ hanging }) => hanging === part).map(({ pods, p99 }) => [pods, p99]),
        ),
      ),
    },
    "commands.svg": {
      title: "Redis commands of a million sessions by cookies",
      x: { label: "idle timeout (hours)" },
      y: { label: "commands in a second" },
      series: [
        series(
          "commands",
          byIdle(figures).map(({ hours, rate }) => [hours, rate]),
        ),
      ],
    },
    "cost.svg": {
      title: "The same in a month, at $0.20 for 100,000 commands",
      x: { label: "idle timeout (hours)" },
      y: { label: "dollars" },
      series: [1, 2, 4].map((copies) =>
        series(
          copies === 1 ? "one region" : `${copies - 1} read region${copies > 2 ? "s" : ""} more`,
          byIdle(figures).map(({ hours, month }) => [hours, month * PRICE * copies]),
        ),
      ),
    },
  };
  return Object.fromEntries(Object.entries(charts).map(([name, chart]) => [name, draw(chart)]));
}

function series(name: string, points: readonly (readonly [x: number, y: number])[]): Series {
  return { name, points: points.map(([x, y]) => ({ x, y })) };
}

function byIdle({ commands }: Figures) {
  return commands.flatMap(({ idle, rate, month }) =>
    idle === undefined ? [] : [{ hours: hoursOf(idle), rate, month }],
  );
}

/** Of `30m`, or `2h`. */
function hoursOf(idle: string): number {
  return Number.parseInt(idle, 10) / (idle.endsWith("m") ? 60 : 1);
}
