import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";

/** A value, and where chance may have put it: from low to high. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Axis {
  readonly label: string;
  /** Both ends of a logarithmic axis must be over 0. */
  readonly log?: boolean;
  /** Where it begins and ends; absent: at 0, or at the least value where it is logarithmic, and at the greatest. */
  readonly from?: number;
  readonly to?: number;
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** A level to compare with, drawn from side to side. */
  readonly mark?: { readonly name: string; readonly y: number };
}

type Scale = ScaleContinuousNumeric<number, number>;

const [WIDTH, HEIGHT] = [720, 380];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 700, 44, 300];
const FONT = 'font-family="system-ui, sans-serif" font-size="12"';
/** Of Okabe and Ito: they stay apart for those who see fewer colours. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/** The chart as one SVG document, byte for byte the same for the same values. Values that are not finite are left out. */
export function draw(chart: Chart): string {
  const all = chart.series.flatMap(({ points }) => points);
  const levels = all.flatMap(({ y, low = y, high = y }) => [low, y, high]);
  if (chart.mark !== undefined) levels.push(chart.mark.y);
  const x = scaleOf(
    chart.x,
    all.map((point) => point.x),
    [LEFT, RIGHT],
  );
  const y = scaleOf(chart.y, levels, [BOTTOM, TOP]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" ${FONT}>`,
    `<title>${escaped(chart.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(WIDTH / 2, 22, chart.title, 'text-anchor="middle" font-size="15" font-weight="bold"'),
    ...across(chart.x, x),
    ...upwards(chart.y, y),
    ...marked(chart, y),
    `<clipPath id="inside"><rect x="${LEFT - 4}" y="${TOP - 4}" width="${RIGHT - LEFT + 8}" height="${BOTTOM - TOP + 8}"/></clipPath>`,
    '<g clip-path="url(#inside)">',
    ...chart.series.flatMap((series, i) => curve(series, x, y, colourOf(i))),
    "</g>",
    ...legend(chart.series),
    "</svg>\n",
  ].join("\n");
}

function scaleOf(axis: Axis, values: readonly number[], range: readonly [number, number]): Scale {
  const usable = values.filter((value) => Number.isFinite(value) && (axis.log !== true || value > 0));
  const { from = axis.log ? Math.min(...usable) : Math.min(0, ...usable), to = Math.max(...usable) } = axis;
  if (axis.log) return scaleLog().domain([from, to]).range(range);
  return scaleLinear().domain([from, to]).range(range).nice();
}

function across(axis: Axis, scale: Scale): string[] {
  return [
    ...ticksOf(axis, scale).flatMap((tick) => [
      rule(scale(tick), TOP, scale(tick), BOTTOM, "#e5e5e5"),
      text(scale(tick), BOTTOM + 18, labelOf(tick), 'text-anchor="middle"'),
    ]),
    rule(LEFT, BOTTOM, RIGHT, BOTTOM, "#333"),
    text((LEFT + RIGHT) / 2, BOTTOM + 38, axis.label, 'text-anchor="middle"'),
  ];
}

function upwards(axis: Axis, scale: Scale): string[] {
  const middle = (TOP + BOTTOM) / 2;
  return [
    ...ticksOf(axis, scale).flatMap((tick) => [
      rule(LEFT, scale(tick), RIGHT, scale(tick), "#e5e5e5"),
      text(LEFT - 8, scale(tick) + 4, labelOf(tick), 'text-anchor="end"'),
    ]),
    rule(LEFT, TOP, LEFT, BOTTOM, "#333"),
    text(16, middle, axis.label, `text-anchor="middle" transform="rotate(-90 16 ${middle})"`),
  ];
}

/** Of a logarithmic axis the powers of ten, and what begins with 2 and 5 where there are but a few of them. */
function ticksOf({ log }: Axis, scale: Scale): number[] {
  if (!log) return scale.ticks(6);
  const ticks = scale.ticks(10);
  const beginning = (digits: readonly string[]) =>
    ticks.filter((tick) => digits.some((digit) => tick.toExponential().startsWith(`${digit}e`)));
  const powers = beginning(["1"]);
  return powers.length >= 4 ? powers : beginning(["1", "2", "5"]);
}

function marked({ mark }: Chart, scale: Scale): string[] {
  if (mark === undefined) return [];
  const at = scale(mark.y);
  return [
    rule(LEFT, at, RIGHT, at, "#666", 'stroke-dasharray="6 4"'),
    text(RIGHT - 4, at - 6, mark.name, 'text-anchor="end" fill="#666"'),
  ];
}

function curve({ points }: Series, x: Scale, y: Scale, colour: string): string[] {
  const seen = points.filter((point) => Number.isFinite(x(point.x)) && Number.isFinite(y(point.y)));
  const path = line<Point>(
    (point) => x(point.x),
    (point) => y(point.y),
  ).digits(1)(seen);
  return [
    `<path d="${path ?? ""}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...seen.flatMap((point) => {
      const [across, up] = [x(point.x), y(point.y)];
      const dot = `<circle cx="${fixed(across)}" cy="${fixed(up)}" r="3" fill="${colour}"/>`;
      const { low, high } = point;
      if (low === undefined || high === undefined) return [dot];
      const [bottom, top] = [y(low), y(high)];
      return Number.isFinite(bottom + top) ? [rule(across, bottom, across, top, colour), dot] : [dot];
    }),
  ];
}

function legend(series: readonly Series[]): string[] {
  // Each name takes as much room as it has letters.
  let at = LEFT;
  return series.flatMap(({ name }, i) => {
    const own = at;
    at += 34 + name.length * 6.6;
    const mark = `<rect x="${fixed(own)}" y="${HEIGHT - 26}" width="14" height="4" fill="${colourOf(i)}"/>`;
    return [mark, text(own + 19, HEIGHT - 20, name, "")];
  });
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

function rule(x1: number, y1: number, x2: number, y2: number, colour: string, more = ""): string {
  const ends = `x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}"`;
  return `<line ${ends} stroke="${colour}"${more === "" ? "" : ` ${more}`}/>`;
}

function text(x: number, y: number, words: string, more: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}"${more === "" ? "" : ` ${more}`}>${escaped(words)}</text>`;
}

function labelOf(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trimmed(value / 1e9)}G`;
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`;
  return trimmed(value);
}

/** As many digits as tell ticks apart, and no error of arithmetic. */
function trimmed(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
