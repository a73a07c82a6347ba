import { CATALOG, type Metric, type MetricName } from "../../src/metrics/catalog.ts";
import { RULES } from "../../src/metrics/rules.ts";

/** Two panels to a row. */
const WIDTH = 12;
const HEIGHT = 8;

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** A panel of each family: counters as rates, histograms as p50 and p99, gauges as they are. */
function panelOf(name: MetricName, { type, help, labels }: Metric): Panel {
  const by = labels.length > 0 ? `sum by (${labels.join(", ")}) ` : "sum ";
  const legend = labels.map((label) => `{{${label}}}`).join(" ") || name;
  if (type === "histogram") {
    const over = ["le", ...labels].join(", ");
    const quantile = (q: number) => ({
      expr: `histogram_quantile(${q}, sum by (${over}) (rate(${name}_bucket[$__rate_interval])))`,
      legendFormat: `p${q * 100} ${labels.length > 0 ? legend : ""}`.trim(),
    });
    return { title: help, unit: "s", targets: [quantile(0.5), quantile(0.99)] };
  }
  const unit = name.endsWith("_seconds") ? "s" : type === "counter" ? "ops" : "short";
  const expr = type === "counter" ? `${by}(rate(${name}[$__rate_interval]))` : `${by}(${name})`;
  return { title: help, unit, targets: [{ expr, legendFormat: legend }] };
}

/** A dashboard of Grafana with all that there is to see, as JSON to be imported. */
export function dashboard(): string {
  const panels = Object.entries<Metric>(CATALOG).map(([name, metric], i) => {
    const { title, unit, targets } = panelOf(name as MetricName, metric);
    return {
      id: i + 1,
      type: "timeseries",
      title,
      datasource: { type: "prometheus", uid: `\${datasource}` },
      gridPos: { x: (i % 2) * WIDTH, y: Math.floor(i / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
      targets: targets.map((target, at) => ({ ...target, refId: String.fromCharCode(65 + at) })),
    };
  });
  const board = {
    uid: "mooring",
    title: "Mooring",
    description: `Alert rules: ${Object.keys(RULES).join(", ")}.`,
    tags: ["mooring"],
    schemaVersion: 39,
    time: { from: "now-1h", to: "now" },
    refresh: "10s",
    templating: {
      list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Data source" }],
    },
    panels,
  };
  return `${JSON.stringify(board, null, 2)}\n`;
}
