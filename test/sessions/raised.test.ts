import { expect, it } from "vitest";
import type { Binding } from "../../src/model/binding.ts";
import { raised } from "../../src/sessions/feed.ts";

const held: Binding = {
  sid: "5".repeat(32),
  epoch: 2,
  pod: 1,
  home: 1,
  state: "A",
  cause: "",
  created: 1000,
  exp: 9000,
  via: "web@*",
};
const told = { sid: held.sid, exp: 9000 };

it("leaves a binding that is as new as what the edges were told", () => {
  expect(raised(held, undefined)).toBe(held);
  expect(raised(held, { ...told, epoch: 2, to: "000000000007", cause: "moved-by-operator" })).toBe(held);
});

it("takes the edges' word for what the store has lost", () => {
  expect(raised(held, { ...told, epoch: 3, to: "000000000007", cause: "moved-by-operator" })).toEqual({
    ...held,
    epoch: 3,
    pod: 7,
    home: 7,
    cause: "moved-by-operator",
  });
  expect(raised(held, { ...told, epoch: 3, to: null, cause: "revoked" })).toEqual({
    ...held,
    epoch: 3,
    state: "R",
    cause: "revoked",
  });
  const revoked = { ...held, state: "R" } as const;
  expect(raised(revoked, { ...told, epoch: 3, to: "000000000007", cause: "moved-by-operator" }).state).toBe(
    "A",
  );
});
