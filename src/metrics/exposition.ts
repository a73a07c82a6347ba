import { CATALOG, type Metric, type MetricName } from "./catalog.ts";
import { SUM } from "./timings.ts";

/** A value by the values of its family's labels, in their order. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/** Samples by family; of a histogram each has its bucket's number, or `sum`, as a last label. */
export type Samples = Readonly<Partial<Record<MetricName, readonly Sample[]>>>;

const escapeLabel = (text: string) => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
const escapeHelp = (text: string) => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");

/** Prometheus' text format 0.0.4: every family of the catalog, also those without a sample. */
export function expose(samples: Samples): string {
  let text = "";
  for (const [name, metric] of Object.entries(CATALOG) as [MetricName, Metric][]) {
    text += `# HELP ${name} ${escapeHelp(metric.help)}\n# TYPE ${name} ${metric.type}\n`;
    const own = samples[name] ?? [];
    text +=
      metric.bounds === undefined ? plain(name, metric, own) : histograms(name, metric, metric.bounds, own);
  }
  return text;
}

function plain(name: string, { labels }: Metric, samples: readonly Sample[]): string {
  return samples.map(({ labels: values, value }) => line(name, pairs(labels, values), value)).join("");
}

/** Buckets are told added up, times in seconds. */
function histograms(
  name: string,
  { labels }: Metric,
  bounds: readonly number[],
  samples: readonly Sample[],
): string {
  const groups = new Map<string, { values: readonly string[]; counts: number[]; sum: number }>();
  for (const { labels: all, value } of samples) {
    const values = all.slice(0, labels.length);
    const bucket = all[labels.length];
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? { values, counts: new Array(bounds.length + 1).fill(0), sum: 0 };
    groups.set(key, group);
    if (bucket === SUM) group.sum += value;
    // What an older version told with other bounds is counted where it can be: in the open bucket.
    else group.counts[Math.min(Number(bucket), bounds.length)]! += value;
  }
  let text = "";
  for (const { values, counts, sum } of groups.values()) {
    const own = pairs(labels, values);
    let total = 0;
    counts.forEach((count, i) => {
      total += count;
      const le = i < bounds.length ? String(bounds[i]! / 1000) : "+Inf";
      text += line(`${name}_bucket`, [...own, `le="${le}"`], total);
    });
    text += line(`${name}_sum`, own, sum / 1000) + line(`${name}_count`, own, total);
  }
  return text;
}

function pairs(labels: readonly string[], values: readonly string[]): string[] {
  return labels.map((label, i) => `${label}="${escapeLabel(values[i] ?? "")}"`);
}

function line(name: string, pairs: readonly string[], value: number): string {
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
}
