import { type Pages, publish, published, whereabouts } from "../chart/pages.ts";
import { type Gate, table } from "../fleet/gate.ts";
import { Command } from "./command.ts";
import { conclude, toItsEnd } from "./output.ts";

/** A run whose findings are published: as a page of docs, plots, and a file of which both are made again without a run. */
export interface Study<Findings> {
  readonly help: string;
  /** What is published is the findings of this, and not of --quick. */
  readonly whole: string;
  /** Where docs keeps the findings. */
  readonly file: string;
  readonly pagesOf: (findings: Findings) => Pages;
  readonly run: (asked: Asked<Findings>) => Promise<readonly Gate[]>;
}

export interface Asked<Findings> {
  readonly quick: boolean;
  readonly seed: number;
  /** Date, machine and Node, in one line. */
  readonly machine: string;
  /** Publishes them where that was asked for. */
  readonly found: (findings: Findings) => void;
}

/** Conducts a study by its command line. */
export async function conduct<Findings>(study: Study<Findings>): Promise<void> {
  const command = new Command(study.help);
  const { json, quick, write, redraw, ...values } = command.read({
    json: { type: "string" },
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
    redraw: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  const seed = command.whole("--seed", values.seed);
  if (redraw) {
    publish(study.pagesOf(JSON.parse(published(study.file)) as Findings));
    return;
  }
  if (quick && write) command.refuse(`--write takes ${study.whole}, not --quick`);
  command.outputs({ "--json": json });

  const machine = whereabouts();
  const found = (findings: Findings) => {
    if (write) publish(study.pagesOf(findings));
  };
  const gates = await toItsEnd(() => study.run({ quick, seed, machine, found }));
  console.log(`\n${machine}, seed ${seed}\n\n${table(gates)}`);
  conclude(json, gates);
}
