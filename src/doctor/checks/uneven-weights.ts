import { type Found, ofPools, rounded } from "../finding.ts";
import { fullest, takers, UNEVEN } from "../uneven.ts";

/** The load follows the weights, and those are uneven. */
export const unevenWeights = ofPools(
  "Load is uneven by weights: a pod has the load that its weight asks for, and that is far above the others'",
  "a pod's weight is 1.5 times the mean, and so are its requests or sessions, 4 standard deviations above the mean",
  (pool): Found | undefined => {
    const { name } = pool;
    const pods = takers(pool);
    const even = () => 1;
    const byRequests = fullest(pods, ({ answered }) => answered, even);
    const bySessions = fullest(pods, ({ sessions }) => sessions ?? 0, even);
    const found = byRequests ?? bySessions;
    const mean = pods.reduce((all, { weight }) => all + weight, 0) / pods.length;
    if (found === undefined || found.pod.weight < UNEVEN * mean) return undefined;
    const { id, weight, configWeight } = found.pod;
    const ordered = weight !== configWeight;
    const fix = ordered
      ? `An operator gave ${id} weight ${weight} in place of ${configWeight}: npx mooring weigh ${name} ${id} config takes that back.`
      : `The config gives ${id} weight ${weight}: if the pod is not that much larger than the others, make the weights equal.`;
    return {
      severity: "warning",
      title: `Load of ${name} is uneven by weight: ${id} is asked to take more than the others`,
      evidence: {
        pool: name,
        pod: id,
        weight,
        configWeight,
        meanWeight: rounded(mean),
        of: byRequests === undefined ? "sessions" : "requests",
        has: found.has,
        mean: rounded(found.part),
        ratio: rounded(found.ratio),
        by: ordered ? "operator" : "config",
      },
      fix,
    };
  },
);
