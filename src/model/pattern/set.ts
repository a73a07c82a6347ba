/** A set of UTF-16 code units: ranges of first and last, in order and apart. */
export type CodeSet = readonly (readonly [first: number, last: number])[];

const LAST = 0xffff;

export const DIGIT: CodeSet = [[48, 57]];
export const WORD: CodeSet = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
export const SPACE: CodeSet = [
  [9, 13],
  [32, 32],
];
export const NEWLINE: CodeSet = [[10, 10]];

export function union(ranges: CodeSet): CodeSet {
  const all: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const open = all.at(-1);
    if (open !== undefined && first <= open[1] + 1) open[1] = Math.max(open[1], last);
    else all.push([first, last]);
  }
  return all;
}

export function complement(set: CodeSet): CodeSet {
  const all: [number, number][] = [];
  let from = 0;
  for (const [first, last] of set) {
    if (first > from) all.push([from, first - 1]);
    from = last + 1;
  }
  if (from <= LAST) all.push([from, LAST]);
  return all;
}

/** With the other case of its ASCII letters. */
export function folded(set: CodeSet): CodeSet {
  const more = [65, 97].flatMap((letter) =>
    set.map(([first, last]): [number, number] => {
      const by = letter === 65 ? 32 : -32;
      return [Math.max(first, letter) + by, Math.min(last, letter + 25) + by];
    }),
  );
  return union([...set, ...more.filter(([first, last]) => first <= last)]);
}

export function has(set: CodeSet, code: number): boolean {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (set[middle]![1] < code) low = middle + 1;
    else high = middle;
  }
  return low < set.length && set[low]![0] <= code;
}
