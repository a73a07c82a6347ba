import { describe, expect, it } from "vitest";
import { BASE } from "../../../tools/claims/model.ts";
import { addressAt, STEPS, write } from "../../../tools/claims/script.ts";

const HOUR = 3_600_000;
const script = write({ ...BASE, users: 2000 }, 1);
const hours = script.users.reduce((sum, { visits }) => sum + (visits.at(-1)!.at - visits[0]!.at) / HOUR, 0);

describe("a script", () => {
  it("follows from its seed alone", () => {
    expect(write(BASE, 1)).toEqual(write(BASE, 1));
    expect(write(BASE, 2)).not.toEqual(write(BASE, 1));
  });

  it("has phones change their address as often as the model says", () => {
    const moves = script.users.reduce((sum, user) => sum + user.moves.length - 1, 0);
    // About 400 changes of a Poisson process: a fifth more or less is four standard deviations.
    expect(moves / (hours * BASE.phones * BASE.changes)).toBeGreaterThan(0.8);
    expect(moves / (hours * BASE.phones * BASE.changes)).toBeLessThan(1.2);
  });

  it("never has an address follow itself", () => {
    for (const { moves } of script.users) {
      for (let i = 1; i < moves.length; i++) expect(moves[i]!.address).not.toBe(moves[i - 1]!.address);
    }
  });

  it("puts as many behind a NAT as the model says, and nobody else to one address", () => {
    const sharing = new Map<string, number>();
    for (const { moves } of script.users) {
      sharing.set(moves[0]!.address, (sharing.get(moves[0]!.address) ?? 0) + 1);
    }
    const nats = [...sharing].filter(([address]) => address.startsWith("100."));
    // Each NAT has a binomial number of users, 20 in the mean over 40 of them.
    expect(nats.reduce((sum, [, users]) => sum + users, 0) / nats.length).toBeCloseTo(BASE.usersPerNat, -0.5);
    expect([...sharing].filter(([address, users]) => address.startsWith("10.") && users > 1)).toEqual([]);
  });

  it("gives the address of the moment", () => {
    const moves = [
      { at: 0, address: "10.0.0.1" },
      { at: 5, address: "10.0.0.2" },
    ];
    const user = { name: "u", visits: [], moves };
    expect([addressAt(user, 0), addressAt(user, 4.9), addressAt(user, 5)]).toEqual([
      "10.0.0.1",
      "10.0.0.1",
      "10.0.0.2",
    ]);
  });

  it("has visits in order of time, and all steps of a transfer", () => {
    for (const { visits } of script.users.slice(0, 200)) {
      const times = visits.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      const steps = visits.flatMap(({ transfer }) => (transfer === undefined ? [] : [transfer.step]));
      expect(steps).toEqual(steps.map((_, i) => i % STEPS));
    }
  });

  it("restarts pods one after another, each only when it is back", () => {
    const { restarts } = write({ ...BASE, restarts: 50 }, 1);
    expect(restarts.length).toBeGreaterThan(500);
    for (let pod = 0; pod < BASE.pods; pod++) {
      const own = restarts.filter((one) => one.pod === pod);
      for (let i = 1; i < own.length; i++) expect(own[i]!.at).toBeGreaterThan(own[i - 1]!.back);
    }
  });
});
