import { goDuration, type Read, wanted } from "../read.ts";

/** A duration of the Gateway API (GEP-2257), a part of what Go takes → milliseconds. */
export const gatewayDuration: Read<number> = (value) =>
  typeof value === "string" && /^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/.test(value)
    ? goDuration(value)
    : wanted(
        'a duration such as "1h30m"',
        value,
        "write one to four whole numbers of at most five digits, each with h, m, s or ms",
      );
