/** Whole numbers in groups of three: 12,345. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** So many of what has a plural with s: `1 pod`, `12 pods`. */
export function some(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A number that may be unknown. */
export function known(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : count(value);
}

/** Per second, with as many digits as say something. */
export function rate(value: number): string {
  return value === 0 ? "0" : value < 10 ? value.toFixed(1) : count(value);
}

/** @param value milliseconds */
export function latency(value: number | null): string {
  if (value === null) return "–";
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** @param value 0..1 */
export function percent(value: number): string {
  const hundredth = value * 100;
  const digits = hundredth === 0 || hundredth === 100 ? 0 : hundredth < 0.1 ? 2 : 1;
  return `${hundredth.toFixed(digits)} %`;
}

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** A length of time by its two largest units: `2h 5m`. @param ms milliseconds */
export function length(ms: number): string {
  let left = Math.max(0, Math.round(ms / 1000));
  const at = UNITS.findIndex(([, seconds]) => left >= seconds);
  if (at < 0) return "0s";
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS.slice(at, at + 2)) {
    const whole = Math.floor(left / seconds);
    if (whole > 0) parts.push(`${whole}${unit}`);
    left -= whole * seconds;
  }
  return parts.join(" ");
}

/** A text that somebody else wrote, short enough to be shown. */
export function cut(text: string, most = 80): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
