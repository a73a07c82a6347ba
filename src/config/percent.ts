import { Fault, reading, shown } from "../affinity/option.ts";

/** Reads `50%`, `0.5%` → a fraction between 0 and 1. */
export function parsePercent(text: string): number | Fault {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]);
  if (value <= 100) return value / 100;
  const fault = match === null ? "is not a percent" : "is more than all of them";
  return new Fault(`${shown(text)} ${fault}`, 'write a number from 0 to 100 with its sign: "50%", "0.5%"');
}

/** Writes a fraction so that {@link parsePercent} reads the same number: `0.5` → `50%`. */
export function formatPercent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(6))}%`;
}

/** A schema of a percent; comes out as a fraction. */
export const percent = reading(parsePercent, 'a percent in quotes, such as "50%"');
