import { expect, it } from "vitest";
import { readUtilisation } from "../../src/metrics/orca.ts";

it.each([
  ["TEXT cpu_utilization=0.3,mem_utilization=0.8", 0.3],
  ["TEXT cpu_utilization=0.3, application_utilization = 0.9", 0.9],
  ["cpu_utilization=1.5", 1.5],
  ['JSON {"cpu_utilization": 0.25, "rps_fractional": 100}', 0.25],
  ['JSON {"cpu_utilization": 0.25, "application_utilization": 0}', 0.25],
])("reads the utilisation in %j", (text, value) => expect(readUtilisation(text)).toBe(value));

it.each([
  "",
  "TEXT",
  "TEXT mem_utilization=0.8",
  "TEXT cpu_utilization=",
  "TEXT cpu_utilization=-1",
  "TEXT cpu_utilization=NaN",
  "TEXT cpu_utilization=1e9",
  "JSON {",
  "JSON null",
  'JSON {"cpu_utilization": "0.3"}',
  `TEXT cpu_utilization=0.3,${"x".repeat(5000)}`,
])("reads none in %j", (text) => expect(readUtilisation(text)).toBeUndefined());
