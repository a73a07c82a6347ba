import type * as z from "../model/zod.ts";
import { Fault, reading, shown } from "./option.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Each unit at most once, largest first. The digits are bounded so that every sum is an exact integer. */
const FORM = /^(?:(\d{1,6})d)?(?:(\d{1,7})h)?(?:(\d{1,8})m(?!s))?(?:(\d{1,10})s)?(?:(\d{1,13})ms)?$/;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Reads `250ms`, `5s`, `1h30m`, `7d` → milliseconds. */
export function parseDuration(text: string): number | Fault {
  const match = text === "" ? null : FORM.exec(text);
  if (match === null) return new Fault(`${shown(text)} is not a duration`, hintFor(text));
  return UNITS.reduce((sum, [, size], i) => sum + Number(match[i + 1] ?? 0) * size, 0);
}

function hintFor(text: string): string {
  if (/^\d+$/.test(text)) return `write a unit: "${text.slice(0, 12)}s" or "${text.slice(0, 12)}ms"`;
  if (/^\d+\.\d+[a-z]+$/.test(text)) return 'write whole numbers: "1h30m" instead of "1.5h"';
  return 'write whole numbers with the units d, h, m, s, ms, the largest first: "30m", "1h30m", "250ms"';
}

/** Writes milliseconds so that {@link parseDuration} reads the same number: `5400000` → `1h30m`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  let rest = milliseconds;
  let text = "";
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** A schema of a duration between `min` and `max`, both included. Milliseconds. */
export function duration(min: number, max: number): z.ZodMiniType<number> {
  return reading((text) => {
    const value = parseDuration(text);
    if (value instanceof Fault) return value;
    if (value < min) return new Fault(`${shown(text)} is too short`, `write at least ${formatDuration(min)}`);
    if (value > max) return new Fault(`${shown(text)} is too long`, `write at most ${formatDuration(max)}`);
    return value;
  }, 'a duration in quotes, such as "30m"');
}
