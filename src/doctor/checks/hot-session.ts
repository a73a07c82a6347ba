import { wilsonLower } from "../../health/failures.ts";
import { sum } from "../count.ts";
import { type Found, ofPools, rounded } from "../finding.ts";
import { fullest, takers } from "../uneven.ts";

/** A session is hot above this share of its pool's requests. */
export const HOT = 0.2;
/** Standard deviations that its share is surely above. */
export const Z = 3;
/** With fewer sessions than this one of them has a large share by nature. */
const SESSIONS = 10;
/** Fewer samples than this may be of one burst. */
export const SAMPLES = 10;
/** With fewer requests of it in a minute nobody is burdened. */
const REQUESTS = 120;

/** One session has a large part of the load, and it cannot be shared out: it belongs to one pod. */
export const hotSession = ofPools(
  "Load is uneven by one hot session",
  "of at least 10 sampled requests of a pool of the last minute surely over a fifth are of one session (Wilson, z = 3), about 120 requests or more, with 10 sessions, and a pod has 1.5 times its part of them",
  (pool): Found | undefined => {
    const { name, samples, pods, byAddress } = pool;
    const { taken, hits, sid } = samples;
    const sessions = sum(pods.map((pod) => pod.sessions ?? SESSIONS));
    const answered = sum(pods.map((pod) => pod.answered));
    // One of an address is told as that of many users.
    if (byAddress || sessions < SESSIONS || taken < SAMPLES || (hits / taken) * answered < REQUESTS)
      return undefined;
    const sure = wilsonLower(hits, taken, Z);
    const uneven = fullest(
      takers(pool),
      (pod) => pod.answered,
      ({ weight }) => weight,
    );
    if (sure < HOT || uneven === undefined) return undefined;
    return {
      severity: "warning",
      title: `One hot session has ${Math.round((hits / taken) * 100)} % of the requests of ${name}`,
      evidence: {
        pool: name,
        session: sid,
        sampled: taken,
        ofThisSession: hits,
        share: rounded(hits / taken),
        surelyAbove: rounded(sure),
        sessions,
        pod: uneven.pod.id,
        requestsOfPod: uneven.has,
        partOfPod: rounded(uneven.part),
      },
      fix: `GET /sessions/${sid} says where it is. Limit that client, or split its work over several sessions; POST /sessions/${sid}/move takes it to a pod with room, and a policy that goes by load (least-request) keeps new sessions away from it.`,
    };
  },
);
