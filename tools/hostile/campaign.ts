import { exchange } from "./client.ts";
import { dice } from "./dice.ts";
import { bytesOf, draft } from "./draft.ts";
import { judge, type Verdict } from "./judge.ts";
import type { Message } from "./message.ts";
import { MUTATORS } from "./mutators.ts";
import type { Arrival, Recorder } from "./recorder.ts";

/** One connection of a campaign: what is sent, and which mutators made it. */
export interface Case {
  readonly id: string;
  readonly mutators: readonly string[];
  readonly bytes: string;
}

export interface Desync extends Case {
  readonly why: string;
}

export interface Report {
  readonly outcomes: Record<Verdict["outcome"] | "hung", number>;
  /** How often each mutator was at work, and how often nothing of it was refused. */
  readonly mutators: Record<string, { tried: number; forwarded: number }>;
  readonly desyncs: Desync[];
  /** Connections to the pod that carried all of it. */
  readonly connections: number;
}

/** The same for a seed and an index, wherever it runs. One to three mutators, drawn from all. */
export function caseOf(seed: number, index: number): Case {
  const chance = dice(seed, index);
  const id = `c${seed}-${index}`;
  const made = draft(id, chance);
  const names = Object.keys(MUTATORS);
  const mutators = Array.from({ length: 1 + chance.below(3) }, () => chance.pick(names));
  for (const name of mutators) MUTATORS[name]!(made, chance);
  return { id, mutators, bytes: bytesOf(made) };
}

function caseIn({ target, fields }: Message): string {
  // Noise may hit the header's name.
  const marks = [/\/(c[0-9]+-[0-9]+)(?=\/)/.exec(target)?.[1], ...fields.map(([, value]) => value)];
  return marks.find((mark) => mark !== undefined && /^c[0-9]+-[0-9]+$/.test(mark)) ?? "";
}

/** Sends cases to an edge in front of the recorder, some at once, and judges each by what reached the pod. */
export async function campaign(
  port: number,
  recorder: Recorder,
  options: {
    readonly seed: number;
    readonly mutations: number;
    readonly first?: number;
    readonly atOnce?: number;
  },
): Promise<Report> {
  const { seed, mutations, first = 0, atOnce = 8 } = options;
  const outcomes = { forwarded: 0, partly: 0, refused: 0, desync: 0, hung: 0 };
  const mutators: Report["mutators"] = {};
  const desyncs: Desync[] = [];
  const sent: { readonly made: Case; readonly reply: string | undefined }[] = [];
  let index = first;
  const worker = async () => {
    while (index < first + mutations) {
      const made = caseOf(seed, index++);
      sent.push({ made, reply: await exchange(port, made.bytes) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const byCase = new Map<string, Arrival[]>();
  for (const arrival of recorder.arrivals) {
    const id = caseIn(arrival.message);
    byCase.set(id, [...(byCase.get(id) ?? []), arrival]);
  }
  for (const { made, reply } of sent) {
    const verdict = judge(made.bytes, byCase.get(made.id) ?? [], reply);
    outcomes[verdict.outcome]++;
    if (reply === undefined) outcomes.hung++;
    if (verdict.outcome === "desync") desyncs.push({ ...made, why: verdict.why });
    for (const name of new Set(made.mutators)) {
      mutators[name] ??= { tried: 0, forwarded: 0 };
      mutators[name].tried++;
      if (verdict.outcome === "forwarded") mutators[name].forwarded++;
    }
    byCase.delete(made.id);
  }
  // What belongs to no case came of bytes that went astray, and so did what no parser may take.
  for (const [id, arrivals] of byCase) {
    for (const { message } of arrivals) {
      desyncs.push({
        id,
        mutators: [],
        bytes: "",
        why: `nobody's: ${message.method} ${message.target} ${JSON.stringify(message.fields)}`,
      });
    }
  }
  for (const { fault, text } of recorder.faults)
    desyncs.push({ id: "", mutators: [], bytes: text, why: `at the pod: ${fault}` });
  outcomes.desync = desyncs.length;
  return { outcomes, mutators, desyncs, connections: recorder.connections.length };
}
