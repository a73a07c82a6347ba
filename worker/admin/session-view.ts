import type { PodTag } from "../../src/model/pod.ts";
import type { ListedBinding } from "../../src/model/ports.ts";
import { lifeOf, seenAt } from "../coordinator/life.ts";
import type { Places } from "../coordinator/places.ts";

/** A session as the API shows it. Times in milliseconds since the epoch; empty ids are of pods that nobody remembers. */
export interface SessionView {
  readonly sid: string;
  readonly pool: string;
  readonly pod: string;
  readonly home: string;
  readonly epoch: number;
  readonly created: number;
  readonly seen: number;
  readonly expires: number;
}

export function sessionView(binding: ListedBinding, places: Places): SessionView {
  const { sid, epoch, created, expires } = binding;
  const at = places.named(binding.pod);
  const id = (tag: PodTag) => places.named(tag)?.id ?? "";
  const seen = seenAt(binding, lifeOf(places.affinity(binding), binding));
  return {
    sid,
    pool: at?.pool ?? "",
    pod: at?.id ?? "",
    home: id(binding.home),
    epoch,
    created,
    seen,
    expires,
  };
}
