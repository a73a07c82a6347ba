/** Longer texts are no slips of the finger, and the distance costs the product of the lengths. */
const LONGEST = 64;
/** Of very many known texts only so many are compared. */
const MOST = 1000;

/** Levenshtein's distance with adjacent transpositions (optimal string alignment), in edits. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/** The known text that was probably meant: the nearest within a third of its length, case aside. */
export function nearest(text: string, known: readonly string[]): string | undefined {
  if (text.length > LONGEST) return undefined;
  const lower = text.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known.slice(0, MOST)) {
    const allowed = Math.min(least - 1, Math.max(1, Math.floor(candidate.length / 3)));
    // The distance is at least the difference in length.
    if (candidate.length > LONGEST || Math.abs(candidate.length - text.length) > allowed) continue;
    const edits = distance(lower, candidate.toLowerCase());
    if (edits <= allowed) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

/** `did you mean "pods"?`, else the known ones, the first twenty of them; `what` in the plural. */
export function suggest(text: string, known: readonly string[], what: string): string {
  const meant = nearest(text, known);
  if (meant !== undefined) return `did you mean ${JSON.stringify(meant)}?`;
  if (known.length === 0) return `there are no ${what}`;
  return `the ${what} are ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", …" : ""}`;
}
