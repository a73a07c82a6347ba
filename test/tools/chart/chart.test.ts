import { describe, expect, it } from "vitest";
import { type Chart, draw } from "../../../tools/chart/chart.ts";

const chart: Chart = {
  title: "Pods & <sessions>",
  x: { label: "pods" },
  y: { label: "of all" },
  series: [
    {
      name: "moved",
      points: [
        { x: 0, y: 0 },
        { x: 10, y: 100, low: 80, high: 100 },
      ],
    },
  ],
};

const attributes = (svg: string, name: string, of: string) =>
  [...svg.matchAll(new RegExp(`<${of} [^>]*`, "g"))].map(([tag]) =>
    Number(tag.match(`${name}="([^"]*)"`)![1]),
  );

describe("draw", () => {
  it("puts points where their values are", () => {
    const svg = draw(chart);
    const [left, right] = attributes(svg, "cx", "circle");
    const [bottom, top] = attributes(svg, "cy", "circle");
    expect([left, right, bottom, top]).toEqual([70, 700, 300, 44]);
    expect(svg).toContain('d="M70,300L700,44"');
  });

  it("draws how far chance goes", () => {
    expect(draw(chart)).toContain('<line x1="700" y1="95.2" x2="700" y2="44" stroke="#0072b2"/>');
  });

  it("puts powers of ten as far apart as each other", () => {
    const points = [1, 10, 100].map((x) => ({ x, y: 1 }));
    const svg = draw({ ...chart, x: { label: "pods", log: true }, series: [{ name: "a", points }] });
    expect(attributes(svg, "cx", "circle")).toEqual([70, 385, 700]);
  });

  it("names the powers of ten, and two steps between where there are few", () => {
    const named = (to: number) => {
      const points = [1, to].map((x) => ({ x, y: 1 }));
      const svg = draw({ ...chart, x: { label: "pods", log: true }, series: [{ name: "a", points }] });
      const labels = [...svg.matchAll(/y="318"[^>]*>([^<]*)</g)];
      return labels.map(([, label]) => label);
    };
    expect(named(10_000)).toEqual(["1", "10", "100", "1000", "10k"]);
    expect(named(100)).toEqual(["1", "2", "5", "10", "20", "50", "100"]);
    expect(named(8)).toEqual(["1", "2", "5"]);
  });

  it("leaves out what no place can be given to", () => {
    const points = [
      { x: 0, y: 1 },
      { x: 1, y: 1 },
      { x: 10, y: Number.NaN },
      { x: 100, y: 1 },
    ];
    const svg = draw({ ...chart, x: { label: "pods", log: true }, series: [{ name: "a", points }] });
    expect(attributes(svg, "cx", "circle")).toEqual([70, 700]);
    expect(svg).not.toContain("NaN");
  });

  it("makes room for the mark, and says what it is", () => {
    const svg = draw({ ...chart, mark: { name: "published", y: 400 } });
    expect(svg).toContain(">published</text>");
    expect(attributes(svg, "cy", "circle")[1]).toBe(236);
  });

  it("cannot be broken out of", () => {
    expect(draw(chart)).toContain("<title>Pods &amp; &lt;sessions&gt;</title>");
  });

  it("is the same for the same values", () => {
    expect(draw(structuredClone(chart))).toBe(draw(chart));
  });
});
