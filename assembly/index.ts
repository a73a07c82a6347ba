// What the core offers; src/core/abi.ts mirrors it line for line.
export { HASH, KEY, KEY_BYTES, REGIONS, NOBODY, tableBytes, raceBytes, scratchBytes } from "./layout";
export { wyhash32, murmur3 } from "./hash";
export { ladderBytes, layLadder } from "./ladder";
export { seat } from "./pod";
export { open, build, owner, lookup } from "./table";
export { unseat, insert, reweigh } from "./change";
export { settle } from "./quota";
export { forget, setOut, setInflight, standIn, place } from "./overlay";
export { outsOf } from "./ring";
export { crc32, ringBytes, openRing, seatPoints, buildRing, onRing } from "./ketama";
export { hashKey, chainKey } from "./xxhash";
export { wideBytes, openWide, sumPoints, putPoints, onWide } from "./ring-hash";
export { maglevBytes, openMaglev, seatMaglev, buildMaglev, onMaglev } from "./maglev";
export { treeBytes, countsOf, openTree, weigh, refresh, setCount, least } from "./least";

/** Stands in for AssemblyScript's imported abort, so that the module imports nothing; the compiler looks for it here. */
export function abortHook(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}
