import type { Core } from "../../src/core/core.ts";
import { type HealthView, isPodState, type PodState } from "../../src/health/state.ts";
import type { ConfigRecord } from "../../src/model/beat.ts";
import { tagFromHex } from "../../src/model/pod.ts";
import { View } from "../../src/route/view.ts";
import type { Told } from "./coordinator.ts";
import { compileDocument } from "./document.ts";

/** worker/edge/views.ts in virtual time: the real View, and the rule of what replaces what. */
export class SimViews {
  current: View | undefined;
  /** The states of the pods that are not ready, as they were heard last. */
  health: HealthView = {};
  /** When the coordinator made the answer that the view rests on: true time. */
  toldAt = Number.NEGATIVE_INFINITY;
  #before: View | undefined;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  newer(incarnation: number, revision: number): boolean {
    const held = this.current?.stamp;
    if (held === undefined || incarnation > held.incarnation) return true;
    return incarnation === held.incarnation && revision > held.revision;
  }

  async adopt(record: ConfigRecord, now: number): Promise<void> {
    const snapshot = await compileDocument(record.document, record.revision);
    if (!this.newer(record.incarnation, record.revision)) return;
    const { incarnation, revision, salt } = record;
    const departed = record.departed.map(({ tag, pool, id }) => ({ tag: tagFromHex(tag), pool, id }));
    const view = new View({ incarnation, revision, salt }, snapshot, departed, this.#core, this.current, now);
    this.#before?.free();
    this.#before = this.current;
    this.current = view;
  }

  async take(answer: Told, now: number): Promise<void> {
    if (answer.config !== undefined && this.newer(answer.config.incarnation, answer.config.revision)) {
      await this.adopt(answer.config, now);
    }
    const view = this.current;
    if (view?.stamp.incarnation !== answer.incarnation || view.stamp.revision !== answer.revision) return;
    this.health = known(answer.health);
    view.apply(this.health);
    view.weighPods(answer.podWeights ?? {});
    view.at = now;
    this.toldAt = answer.madeAt;
  }

  free(): void {
    this.#before?.free();
    this.current?.free();
  }
}

function known(states: Readonly<Record<string, string>>): HealthView {
  const health: Record<string, PodState> = {};
  for (const [tag, state] of Object.entries(states)) if (isPodState(state)) health[tag] = state;
  return health;
}
