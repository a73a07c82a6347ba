import { known, length } from "../format.ts";
import type { PodView } from "../pages/pool.tsx";

/**
 * How far a drain is: by time, and by sessions where it is known how many there were.
 *
 * @param of sessions when it began
 */
export function DrainProgress({ pod, now, of }: { pod: PodView; now: number; of?: number | undefined }) {
  const { id, sessions, since, deadline } = pod;
  const whole = deadline === null || since === null ? 0 : deadline - since;
  const left = deadline === null ? 0 : Math.max(0, deadline - now);
  return (
    <div class="drain">
      {of !== undefined && of > 0 && sessions !== null && (
        <>
          <div>
            <b>{known(Math.max(0, of - sessions))}</b> of {known(of)} sessions have left
          </div>
          <progress
            max={of}
            value={Math.max(0, of - sessions)}
            aria-label={`Sessions that have left ${id}`}
          />
        </>
      )}
      {whole > 0 && (
        <>
          <div class="faint">{left === 0 ? "deadline passed" : `${length(left)} to the deadline`}</div>
          <progress max={whole} value={whole - left} aria-label={`Time until the deadline of ${id}`} />
        </>
      )}
    </div>
  );
}
