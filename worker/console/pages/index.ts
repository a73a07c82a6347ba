import { AT, HOME } from "../places.ts";
import type { Action, Page } from "../visit.tsx";
import { alerts } from "./alerts.tsx";
import { doctor } from "./doctor.tsx";
import { events } from "./events.tsx";
import { explain, explained } from "./explain.tsx";
import { keys } from "./keys.tsx";
import { overview } from "./overview.tsx";
import { apply, foresee, plan } from "./plan.tsx";
import { disable, drain, pod, ready } from "./pod.tsx";
import { pool } from "./pool.tsx";
import { pools } from "./pools.tsx";
import { move, revoke, session } from "./session.tsx";
import { sessions } from "./sessions.tsx";

const POD = `${AT}/pools/:pool/pods/:pod`;
const SESSION = `${AT}/sessions/:sid`;

/** The pages, by path. */
export const GETS: Readonly<Record<string, Page>> = {
  [HOME]: overview,
  [`${AT}/pools`]: pools,
  [`${AT}/pools/:pool`]: pool,
  [POD]: pod,
  [`${AT}/keys`]: keys,
  [`${AT}/sessions`]: sessions,
  [SESSION]: session,
  [`${AT}/plan`]: plan,
  [`${AT}/explain`]: explain,
  [`${AT}/alerts`]: alerts,
  [`${AT}/doctor`]: doctor,
  [`${AT}/events`]: events,
};

/** What forms ask for, by path. */
export const POSTS: Readonly<Record<string, Action>> = {
  [`${POD}/drain`]: drain,
  [`${POD}/ready`]: ready,
  [`${POD}/disable`]: disable,
  [`${SESSION}/move`]: move,
  [`${SESSION}/revoke`]: revoke,
  [`${AT}/plan`]: foresee,
  [`${AT}/plan/apply`]: apply,
  [`${AT}/explain`]: explained,
};
