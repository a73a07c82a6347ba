/**
 * What the WebAssembly core exports, in the order of assembly/index.ts. Every integer crosses as i32: `>>> 0` makes a
 * u32 of an answer. Addresses are bytes in `memory`, regions aligned to 16.
 */
export interface Abi {
  readonly HASH: WebAssembly.Global;
  readonly KEY: WebAssembly.Global;
  readonly KEY_BYTES: WebAssembly.Global;
  readonly REGIONS: WebAssembly.Global;
  readonly NOBODY: WebAssembly.Global;
  tableBytes(room: number, bits: number): number;
  raceBytes(bits: number): number;
  scratchBytes(room: number, bits: number): number;
  wyhash32(at: number, length: number): number;
  murmur3(at: number, length: number, seed: number): number;
  ladderBytes(bits: number): number;
  layLadder(ladder: number, bits: number): void;
  seat(table: number, index: number, length: number, weight: number): void;
  open(table: number, ladder: number, pods: number, bits: number, room: number): void;
  build(table: number, race: number, scratch: number): void;
  owner(table: number, hash: number): number;
  lookup(table: number, length: number): number;
  unseat(table: number, race: number, index: number): void;
  insert(table: number, race: number, index: number, length: number, weight: number): void;
  reweigh(table: number, race: number, index: number, weight: number): void;
  settle(table: number, race: number, scratch: number): void;
  forget(table: number): void;
  setOut(table: number, index: number, out: number, threshold: number): void;
  setInflight(table: number, index: number, inflight: number): void;
  standIn(table: number, hash: number): number;
  place(table: number, hash: number): number;
  outsOf(region: number): number;
  crc32(length: number): number;
  ringBytes(points: number, pods: number): number;
  openRing(ring: number, points: number, pods: number): void;
  seatPoints(ring: number, index: number, length: number, points: number): void;
  buildRing(ring: number): void;
  onRing(ring: number, hash: number): number;
  hashKey(length: number): void;
  chainKey(length: number): void;
  wideBytes(points: number, pods: number): number;
  openWide(ring: number, points: number, pods: number): void;
  sumPoints(ring: number): void;
  putPoints(ring: number, index: number, length: number, points: number, puts: number): void;
  onWide(ring: number): number;
  maglevBytes(slots: number, pods: number): number;
  openMaglev(table: number, slots: number, pods: number): void;
  seatMaglev(table: number, index: number, length: number, weight: number): void;
  buildMaglev(table: number, most: number): void;
  onMaglev(table: number): number;
  treeBytes(pods: number): number;
  countsOf(tree: number): number;
  openTree(tree: number, pods: number): void;
  weigh(tree: number, index: number, weight: number, size: number, others: number): void;
  refresh(tree: number): void;
  setCount(tree: number, index: number, inflight: number): void;
  least(tree: number, word: number): number;
  readonly memory: WebAssembly.Memory;
}

/** Makes an instance, at once: it imports nothing, so that it can be made at module scope. */
export function instantiate(module: WebAssembly.Module): Abi {
  return { ...new WebAssembly.Instance(module).exports } as unknown as Abi;
}
