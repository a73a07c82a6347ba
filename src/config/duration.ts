/** Durations of the config, `5s 10m 12h 250ms 1h30m 7d` ↔ milliseconds: written where the affinity sources can read them too. */
export {
  DAY,
  duration,
  formatDuration,
  HOUR,
  MINUTE,
  parseDuration,
  SECOND,
} from "../affinity/duration.ts";
