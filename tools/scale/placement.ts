import { readFileSync } from "node:fs";
import { Core, type Table } from "../../src/core/core.ts";
import type { OutView } from "../../src/core/view.ts";
import { type Dice, dice } from "../sim/dice.ts";

const FILE = new URL("../../build/core.wasm", import.meta.url);

/** How sessions lie on pods. */
export interface Placement {
  readonly pods: number;
  /** log2 of the slots; undefined: each session goes to any pod by chance, which no table can better. */
  readonly bits: number | undefined;
  /** The fullest pod, and the one that 1 % of the pods are fuller than, relative to the mean pod. */
  readonly most: number;
  readonly p99: number;
  readonly least: number;
}

/** What becomes of sessions when pods go, or come. Parts of all sessions. */
export interface Movement {
  readonly pods: number;
  /** How many go or come. */
  readonly changed: number;
  /** Sessions of the pods that are out: these must move. */
  readonly theirs: number;
  /** Others that move when pods are out. */
  readonly others: number;
  /** The fullest pod after it, relative to the mean of those left. */
  readonly most: number;
  /** When the same pods leave the config: keys without a binding whose pod stays and that have another home then. */
  readonly leaving: number;
  /** When as many pods come: keys that have another home, beyond the share of those that came. */
  readonly coming: number;
}

let core: Core | undefined;

function tableOf(pods: number, bits: number): Table {
  core ??= new Core(new WebAssembly.Module(readFileSync(FILE)));
  return core.table(podsOf(pods), bits);
}

function podsOf(count: number) {
  return Array.from({ length: count }, (_, i) => ({ id: `web-${i}`, weight: 1 }));
}

/** The sids of so many sessions. */
export function sessions(count: number, seed: number): string[] {
  const chance = dice(seed, "sessions");
  const word = () => chance.word().toString(16).padStart(8, "0");
  return Array.from({ length: count }, () => word() + word() + word() + word());
}

/** Places sessions by the real table, or by chance alone. */
export function place(
  sids: readonly string[],
  pods: number,
  bits: number | undefined,
  seed: number,
): Placement {
  const counts =
    bits === undefined
      ? byChance(sids.length, pods, dice(seed, `chance ${pods}`))
      : byTable(sids, pods, bits);
  const sorted = counts.toSorted();
  const mean = sids.length / pods;
  const p99 = sorted[Math.ceil(0.99 * pods) - 1]! / mean;
  return { pods, bits, most: sorted.at(-1)! / mean, p99, least: sorted[0]! / mean };
}

function byChance(sessions: number, pods: number, chance: Dice): Uint32Array {
  const counts = new Uint32Array(pods);
  for (let i = 0; i < sessions; i++) {
    const pod = chance.below(pods);
    counts[pod] = counts[pod]! + 1;
  }
  return counts;
}

function byTable(sids: readonly string[], pods: number, bits: number): Uint32Array {
  const table = tableOf(pods, bits);
  const counts = new Uint32Array(pods);
  for (const pod of homes(table, sids, allIn(pods))) counts[pod] = counts[pod]! + 1;
  table.free();
  return counts;
}

/** Takes pods out, has them leave, and has others come. @param changed the last so many pods */
export function move(sids: readonly string[], pods: number, changed: number, bits: number): Movement {
  const table = tableOf(pods, bits);
  const before = homes(table, sids, allIn(pods));
  const gone = (pod: number) => pod >= pods - changed;
  const out = Uint8Array.from({ length: pods }, (_, pod) => (gone(pod) ? 1 : 0));
  const after = homes(table, sids, { out, live: pods - changed, version: 2 });
  table.free();
  const counts = new Uint32Array(pods);
  let [theirs, others] = [0, 0];
  for (let i = 0; i < sids.length; i++) {
    counts[after[i]!] = counts[after[i]!]! + 1;
    if (gone(before[i]!)) theirs++;
    else if (after[i] !== before[i]) others++;
  }
  const fewer = rehomed(sids, pods - changed, bits);
  const more = rehomed(sids, pods + changed, bits);
  let [leaving, coming] = [0, 0];
  for (let i = 0; i < sids.length; i++) {
    if (!gone(before[i]!) && fewer[i] !== before[i]) leaving++;
    if (more[i] !== before[i] && more[i]! < pods) coming++;
  }
  const all = sids.length;
  return {
    pods,
    changed,
    theirs: theirs / all,
    others: others / all,
    most: (Math.max(...counts) * (pods - changed)) / all,
    leaving: leaving / all,
    coming: coming / all,
  };
}

/** The homes by a config of so many pods: their numbers are the same in each. */
function rehomed(sids: readonly string[], pods: number, bits: number): Int32Array {
  const table = tableOf(pods, bits);
  const found = homes(table, sids, allIn(pods));
  table.free();
  return found;
}

function allIn(pods: number): OutView {
  return { out: new Uint8Array(pods), live: pods, version: 1 };
}

function homes(table: Table, sids: readonly string[], standing: OutView): Int32Array {
  return Int32Array.from(sids, (sid) => table.lookup(sid, standing));
}
