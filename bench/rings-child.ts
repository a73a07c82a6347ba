import { measureRings } from "./rings.ts";

// bench/balance.ts runs this with the number of rounds that count of each case.
console.log(JSON.stringify(measureRings(Number(process.argv[2]))));
