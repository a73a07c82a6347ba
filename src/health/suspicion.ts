/** Where nobody hears of it, one isolate's own suspicion is all there is. Milliseconds. */
const ALONE = 5000;
/** At first an isolate tries again soon: who avoids a pod sees no failures, and the coordinator ejects by their number. */
const SOON = 250;
const TRIES = 5;
const LATER = 1000;

/**
 * How long one isolate keeps its new sessions from a pod that refused a connection. Milliseconds.
 *
 * @param row refusals with no answer between them
 * @param heard whether the coordinator hears of failures, and may eject the pod
 */
export function suspicion(row: number, heard: boolean): number {
  if (!heard) return ALONE;
  return row <= TRIES ? SOON : LATER;
}
