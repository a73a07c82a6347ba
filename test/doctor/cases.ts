import type { CheckName } from "../../src/doctor/index.ts";
import type { Case } from "./case.ts";
import { EDGES } from "./cases/edges.ts";
import { LOAD } from "./cases/load.ts";
import { REQUESTS } from "./cases/requests.ts";
import { SESSIONS } from "./cases/sessions.ts";

/** The cases of every check: one without any does not compile. */
export const CASES: Readonly<Record<CheckName, readonly Case[]>> = {
  ...SESSIONS,
  ...LOAD,
  ...REQUESTS,
  ...EDGES,
};
