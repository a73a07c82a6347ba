import { describe, expect, it } from "vitest";
import { KubernetesObject } from "../../src/kubernetes/object.ts";
import { bool, goDuration, int, oneOf, portName, portRef, text } from "../../src/kubernetes/read.ts";
import { Report } from "../../src/kubernetes/report.ts";

function object(value: unknown) {
  const report = new Report();
  const made = new KubernetesObject({ value, place: "document 1, line 1" }, report, () => true);
  const told = () => {
    made.finish();
    return report.notices.map(({ level, object: of, path, message }) => `${level} ${of} ${path}: ${message}`);
  };
  return { root: made.root, made, report, told };
}

const METADATA = { name: "web", namespace: "shop", uid: "u", generation: 2 ** 63, labels: { a: "b" } };
const OF = "ignored Service shop/web";
const NOT = "Mooring does not act on it";

describe("what is in an object", () => {
  it("is told leaf by leaf where something near was looked at, and else as a whole", () => {
    const { root, told } = object({
      kind: "Service",
      metadata: { ...METADATA, annotations: { "kubectl.kubernetes.io/x": "1", "a.example/b": "2" } },
      spec: { read: 1, other: { deep: [1, 2] }, half: { a: 1, b: { c: 2 } }, empty: {}, nothing: null },
      status: { any: 1 },
      data: "x",
    });
    root.at("spec", "read").read(int(0, 9));
    root.at("spec", "half", "a").take();
    root.at("spec", "absent", "deep").read(text);
    expect(told()).toEqual([
      `${OF} metadata.annotations["a.example/b"]: ${NOT}`,
      `${OF} spec.other: ${NOT}`,
      `${OF} spec.half.b: ${NOT}`,
      `${OF} data: ${NOT}`,
    ]);
  });

  it("is told once where many items of a list have it", () => {
    const { root, told } = object({
      kind: "Service",
      metadata: METADATA,
      list: [{ a: 1, b: 1 }, { a: 1 }, { a: 1, b: 1 }],
    });
    for (const item of root.at("list").items()) item.at("a").take();
    expect(told()).toEqual([`${OF} list[0].b: ${NOT}; so it is in 1 more of the list`]);
  });

  it("is told by names where it is left as a whole", () => {
    const { root, told } = object({ kind: "Service", metadata: METADATA, spec: { a: 1, b: { c: 1, d: 2 } } });
    root.at("spec", "b", "c").take();
    root.at("spec").ignoreRest("of no use");
    expect(told()).toEqual([`${OF} spec: a, b.d: of no use`]);
  });

  it("of another type is an error, or a notice where there is a value to take", () => {
    const { root, report, told } = object({
      kind: "Service",
      metadata: METADATA,
      spec: { port: "80", list: { a: 1 }, map: [1], on: "yes" },
    });
    const spec = root.at("spec");
    expect(spec.at("port").read(int(1, 65_535))).toBeUndefined();
    expect(spec.at("on").read(bool, true)).toBe(true);
    expect(spec.at("off").read(bool, false)).toBe(false);
    expect(spec.at("list").items()).toEqual([]);
    expect(spec.at("map", "key").read(text)).toBeUndefined();
    expect(spec.at("map").entries()).toEqual([]);
    expect(report.errors.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'Service shop/web: spec.port: expected a whole number from 1 to 65535, got "80"',
      "Service shop/web: spec.list: expected a list",
      "Service shop/web: spec.map: expected a map",
    ]);
    expect(told()).toEqual([
      'invalid Service shop/web spec.on: expected true or false, got "yes": true is taken',
    ]);
  });

  it("is called by where it stood when it has no name", () => {
    const { made, told } = object({ kind: "Service", metadata: { generateName: "web-" } });
    expect(made.label).toBe("Service (document 1, line 1)");
    expect(told()).toEqual([]);
  });
});

describe("readers", () => {
  it.each<[string, unknown]>([
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    [".5s", 500],
    ["250ms", 250],
    ["2m3us", 120_000.003],
    ["0", 0],
    ["1h1h", 7_200_000],
  ])("duration %s", (written, value) => expect(goDuration(written)).toBeCloseTo(value as number, 9));

  it.each(["", "5", "-1s", "1d", "1 s", "1h30", "s", 5, null, `${"9".repeat(40)}h`])(
    "no duration: %j",
    (written) =>
      expect(goDuration(written)).toMatchObject({ message: expect.stringMatching(/expected a duration/) }),
  );

  it("a port by number or by a name that has a letter", () => {
    expect([80, "http", "a-1"].map(portRef)).toEqual([80, "http", "a-1"]);
    for (const bad of [0, 65_536, 1.5, "80", "", "a--b", "-a", "A", "a".repeat(16), true, [80]])
      expect(portRef(bad)).toHaveProperty("hint");
    expect(portName(80)).toHaveProperty("hint");
  });

  it("an empty word is none", () =>
    expect([oneOf("a", "b")(""), oneOf("a", "b")("b")]).toEqual([undefined, "b"]));
});
