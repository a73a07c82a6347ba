import { count } from "../format.ts";

/** One kind of what is stacked: a name of ours, which is its colour's class too, and one value for each bar. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

const WIDTH = 600;
const HEIGHT = 100;
/** The part of a bar's place that it takes. */
const FILLED = 0.8;

const short = (value: number) => String(Math.round(value * 100) / 100);

/** Stacked bars, one path for each series: drawn here, so that no style and no script need be in the page. */
export function Bars({
  series,
  label,
  span,
  unit,
}: {
  series: readonly Series[];
  /** What it shows, for who cannot see it. */
  label: string;
  /** How long the bars are in all: `30 min`. */
  span: string;
  /** Makes words of the highest bar. */
  unit: (value: number) => string;
}) {
  const bars = series[0]?.values.length ?? 0;
  const tops = Array.from({ length: bars }, (_, i) =>
    series.reduce((sum, { values }) => sum + values[i]!, 0),
  );
  const most = Math.max(...tops, 0);
  const step = WIDTH / Math.max(bars, 1);
  const under = new Array<number>(bars).fill(0);
  const paths = series.map(({ name, values }) => {
    let d = "";
    for (const [i, value] of values.entries()) {
      if (value === 0) continue;
      const height = (value / most) * HEIGHT;
      const y = HEIGHT - under[i]! - height;
      under[i]! += height;
      d += `M${short(i * step)} ${short(y)}h${short(step * FILLED)}v${short(height)}h-${short(step * FILLED)}z`;
    }
    return { name, d };
  });
  const told = series.map(({ name, values }) => `${name} ${count(sum(values))}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        <span>{most === 0 ? "" : `peak ${unit(most)}`}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}, ${span}: ${told || "nothing"}`}
      >
        <line class="base" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {paths.map(({ name, d }) => d !== "" && <path class={`k-${name}`} d={d} />)}
      </svg>
      <Axis span={span} />
      <ul class="legend">
        {series.map(({ name, values }) => (
          <li>
            <Swatch name={name} />
            {name} <b>{count(sum(values))}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** Lines over the same time, a gap where there is no value. */
export function Lines({
  series,
  label,
  span,
  unit,
}: {
  series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  label: string;
  span: string;
  unit: (value: number | null) => string;
}) {
  const most = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const lines = series.map(({ name, values }) => {
    const step = WIDTH / Math.max(values.length, 1);
    let d = "";
    let pen = false;
    for (const [i, value] of values.entries()) {
      if (value !== null) {
        const y = HEIGHT - (value / Math.max(most, 1)) * (HEIGHT - 2);
        // A dot of its own where neither neighbour is there.
        d += `${pen ? "L" : "M"}${short((i + 0.1) * step)} ${short(y)}${pen ? "" : "h1"}`;
      }
      pen = value !== null;
    }
    return { name, d, last: values.findLast((value) => value !== null) ?? null };
  });
  const told = lines.map(({ name, last }) => `${name} ${unit(last)}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        <span>{most === 0 ? "" : `peak ${unit(most)}`}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}, ${span}; the last: ${told}`}
      >
        <line class="base" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {lines.map(({ name, d }) => d !== "" && <path class={`l-${name}`} d={d} />)}
      </svg>
      <Axis span={span} />
      <ul class="legend">
        {lines.map(({ name, last }) => (
          <li>
            <Swatch name={name} />
            {name} <b>{unit(last)}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** A part of a whole as a bar. @param share 0..1 */
export function Share({ share, name = "share" }: { share: number; name?: string }) {
  const width = Math.max(0, Math.min(1, share)) * WIDTH;
  return (
    <svg class="share" viewBox={`0 0 ${WIDTH} 8`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="trough" width={WIDTH} height="8" />
      <rect class={`k-${name}`} width={short(width)} height="8" />
    </svg>
  );
}

function Swatch({ name }: { name: string }) {
  return (
    <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
      <rect class={`k-${name}`} width="10" height="10" rx="2" />
    </svg>
  );
}

function Axis({ span }: { span: string }) {
  return (
    <div class="axis" aria-hidden="true">
      <span>{span} ago</span>
      <span>now</span>
    </div>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
