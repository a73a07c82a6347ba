import { describe, expect, it } from "vitest";
import { LEEWAY, renewalAge, retention, verdict } from "../../src/sessions/expiry.ts";

const SID = "80".repeat(16);
const token = (iat: number, exp: number) => ({ sid: SID, pod: 1, home: 1, epoch: 1, iat, exp, flags: 0 });

describe("the renewal age", () => {
  it("is a quarter of idle, spread by at most a tenth over the sids", () => {
    const ages = Array.from({ length: 256 }, (_, byte) =>
      renewalAge(1800, byte.toString(16).padStart(2, "0")),
    );
    expect(Math.min(...ages)).toBeCloseTo(405, 9);
    expect(Math.max(...ages)).toBeCloseTo(495, 9);
  });

  it("has no spread for short idle times", () => {
    expect(renewalAge(240, "ff")).toBe(60);
    expect(renewalAge(60, "00")).toBe(15);
  });
});

describe("what time makes of a token", () => {
  const at = (now: number, iat = 0, exp = 43_200) => verdict(token(iat, exp), 450, 1800, now);

  it("is good while young, renewed when older, dead past idle, renewal and leeway", () => {
    expect(at(0)).toBe("good");
    expect(at(450)).toBe("good");
    expect(at(451)).toBe("renew");
    expect(at(1800 + 450 + LEEWAY)).toBe("renew");
    expect(at(1800 + 450 + LEEWAY + 1)).toBe("expired-idle");
  });

  it("ends at the absolute expiry however busy", () => {
    expect(at(43_200, 43_100)).toBe("good");
    expect(at(43_201, 43_100)).toBe("expired-absolute");
  });

  it("bears a clock five minutes ahead and no more", () => {
    expect(at(1000, 1300)).toBe("good");
    expect(at(1000, 1301)).toBe("ahead");
  });

  it("never kills a session inside its idle time while clocks agree within a minute", () => {
    // Issued by a clock a minute behind, judged by one a minute ahead: age seems 2 × 60 s more than it is. A client that
    // is seen each `idle` holds a token at most one renewal age old when it was last seen.
    for (const skew of [-60, -30, 0, 30, 60]) {
      expect(["good", "renew"]).toContain(at(1800 + 450 + skew));
    }
  });
});

describe("what the store must remember", () => {
  it("is one and a half idle and ten minutes, listed until the session would end", () => {
    expect(retention(1800, 450, 43_200, 100)).toEqual({
      ttl: 3_300_000,
      expires: (100 + 1800 + 450 + 60) * 1000,
    });
  });

  it("lists no session past its absolute expiry", () => {
    expect(retention(1800, 450, 1000, 100).expires).toBe(1_000_000);
  });
});
