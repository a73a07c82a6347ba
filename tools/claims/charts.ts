import { type Chart, draw, type Point, type Series } from "../chart/chart.ts";
import type { Readings, Seen, Sweep, Swept } from "./experiment.ts";
import type { KindName } from "./kinds.ts";
import { BASE, PARAMETERS } from "./model.ts";
import { PUBLISHED } from "./published.ts";
import type { Estimate } from "./statistics.ts";

type Parameter = Sweep["parameter"];

const SHORT: Readonly<Record<Parameter, string>> = {
  changes: "address changes",
  restarts: "restarts",
  usersPerNat: "users per NAT",
  pods: "pods",
  keepAlive: "keep-alive",
};

/** The plots of the report, by file name. */
export function chartsOf(swept: readonly Swept[]): Record<string, string> {
  const of = (parameter: Parameter) => swept.find(({ sweep }) => sweep.parameter === parameter)!;
  const fewer = PUBLISHED.fewer * 100;
  const failed = PUBLISHED.failed * 100;
  const charts: Record<string, Chart> = {
    "sensitivity.svg": {
      title: "How many interruptions cookies save of those by client IP",
      x: { label: "a parameter, in multiples of its usual value", log: true },
      y: { label: "fewer interruptions (%)", from: 0, to: 100 },
      series: (["changes", "restarts", "usersPerNat", "pods"] as const).map((name) => savings(of(name))),
      mark: { name: `published: ${fewer} %`, y: fewer },
    },
    "interruptions.svg": {
      title: "Interruptions, by how often phones change their address",
      x: axisOf("changes"),
      y: { label: "interruptions in 100 h of use" },
      series: readings(of("changes"), ["client-ip", "cookie"], ({ rate }) => rate, 1),
    },
    "restarts.svg": {
      title: "Interruptions, by how often pods restart",
      x: axisOf("restarts"),
      y: { label: "interruptions in 100 h of use" },
      series: readings(of("restarts"), ["client-ip", "cookie"], ({ rate }) => rate, 1),
    },
    "nat.svg": {
      title: "Requests of the busiest pod, by how many share a NAT",
      x: axisOf("usersPerNat"),
      y: { label: "times those of the mean pod", from: 1 },
      series: readings(of("usersPerNat"), ["client-ip", "cookie"], ({ peak }) => peak, 1),
    },
    "transfers.svg": {
      title: "Transfers that fail, by the number of pods",
      x: { ...axisOf("pods"), log: true },
      y: { label: "transfers that fail (%)", from: 0, to: 100 },
      series: readings(of("pods"), ["none", "connection", "client-ip", "cookie"], byFailure, 100),
      mark: { name: `published: ${failed} %`, y: failed },
    },
    "keep-alive.svg": {
      title: "Transfers that fail where each connection stays with a pod",
      x: axisOf("keepAlive"),
      y: { label: "transfers that fail (%)", from: 0, to: 100 },
      series: readings(of("keepAlive"), ["connection"], byFailure, 100),
      mark: { name: `published: ${failed} %`, y: failed },
    },
  };
  return Object.fromEntries(Object.entries(charts).map(([name, chart]) => [name, draw(chart)]));
}

/** Percent, over the parameter itself. */
export function fewerBy(swept: Swept): Point[] {
  return pointsOf(swept, ({ fewer }) => fewer!, 100);
}

/** Percent, over the parameter itself. */
export function failureBy(swept: Swept, kind: KindName): Point[] {
  return pointsOf(swept, ({ kinds }) => kinds[kind]!.failure, 100);
}

const byFailure = ({ failure }: Readings) => failure;

function axisOf(parameter: Parameter) {
  const { text, unit } = PARAMETERS[parameter];
  return { label: text.includes(unit) ? text : `${text.replace(/ \(.*\)$/, "")} (${unit})` };
}

function savings(swept: Swept): Series {
  const { parameter } = swept.sweep;
  const points = fewerBy(swept).map((point) => ({ ...point, x: point.x / BASE[parameter] }));
  return { name: `${SHORT[parameter]} (1 = ${BASE[parameter]})`, points };
}

function readings(
  swept: Swept,
  kinds: readonly KindName[],
  of: (readings: Readings) => Estimate,
  scale: number,
): Series[] {
  return kinds.map((name) => ({ name, points: pointsOf(swept, (seen) => of(seen.kinds[name]!), scale) }));
}

function pointsOf({ sweep, seen }: Swept, of: (seen: Seen) => Estimate, scale: number): Point[] {
  return seen.map((one, i) => {
    const { mean, error } = of(one);
    const [y, off] = [mean * scale, error * scale];
    return { x: sweep.values[i]!, y, low: Math.max(0, y - off), high: y + off };
  });
}
