import { compile } from "../../src/config/compile.ts";
import { validate } from "../../src/config/validate.ts";
import type { Core } from "../../src/core/core.ts";
import { type HealthView, isPodState, type PodState } from "../../src/health/state.ts";
import type { BeatAnswer, ConfigRecord } from "../../src/model/beat.ts";
import { tagFromHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { type Departed, type Stamp, View } from "../../src/route/view.ts";

/** Holds the view of this isolate and takes over newer ones. */
export class Views {
  current: View | undefined;
  /** The view before: its memory is given back when yet another comes, as requests may still use it. */
  #before: View | undefined;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Whether what is offered may replace what is held: a lower revision only from a newer incarnation. */
  newer(incarnation: number, revision: number): boolean {
    const held = this.current?.stamp;
    if (held === undefined || incarnation > held.incarnation) return true;
    return incarnation === held.incarnation && revision > held.revision;
  }

  /** Compiles a config and makes it the view. The document was accepted before, so an error is a bug or a mixed fleet. */
  async adopt(record: ConfigRecord, now: number): Promise<void> {
    // The document is JSON here, whatever its writer sent: reading YAML would cost ten times as much.
    const parsed = validate(JSON.parse(record.document));
    if (!parsed.ok) {
      const [first] = parsed.errors;
      throw new Error(
        `revision ${record.revision} is not valid for this version: ${first?.path}: ${first?.message}`,
      );
    }
    const digest = (data: Uint8Array<ArrayBuffer>) => crypto.subtle.digest("SHA-256", data);
    const snapshot = await compile(parsed.config, record.revision, digest);
    // Another request may have been quicker while this one compiled.
    if (!this.newer(record.incarnation, record.revision)) return;
    const { incarnation, revision, salt } = record;
    const departed = record.departed.map(({ tag, pool, id }) => ({ tag: tagFromHex(tag), pool, id }));
    const view = new View({ incarnation, revision, salt }, snapshot, departed, this.#core, this.current, now);
    this.#before?.free();
    this.#before = this.current;
    this.current = view;
  }

  /** A view that serves nobody: whoever has it made frees it. */
  apart(
    snapshot: Snapshot,
    stamp: Stamp,
    departed: readonly Departed[],
    health: HealthView,
    now: number,
  ): View {
    const view = new View(stamp, snapshot, departed, this.#core, undefined, now);
    view.apply(health);
    view.weigh(this.current?.weights ?? {});
    view.weighPods(this.current?.podWeights ?? {});
    return view;
  }

  /** Takes in an answer of the coordinator: config, health, and that the view is fresh. */
  async take(answer: BeatAnswer, now: number): Promise<void> {
    if (answer.config !== undefined && this.newer(answer.config.incarnation, answer.config.revision)) {
      await this.adopt(answer.config, now);
    }
    const view = this.current;
    if (view?.stamp.incarnation !== answer.incarnation || view.stamp.revision !== answer.revision) return;
    view.apply(healthOf(answer.health));
    view.weigh(answer.weights ?? {});
    view.weighPods(answer.podWeights ?? {});
    view.at = now;
  }
}

/** Drops states that this version does not know: a newer coordinator may have more. */
function healthOf(states: Readonly<Record<string, string>>): HealthView {
  const health: Record<string, PodState> = {};
  for (const [tag, state] of Object.entries(states)) if (isPodState(state)) health[tag] = state;
  return health;
}
