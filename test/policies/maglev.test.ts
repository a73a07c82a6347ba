import { maglev } from "../../src/policies/maglev.ts";
import { fiveSigma, policyContract } from "./contract.ts";
import { envoyCases } from "./envoy.ts";

/**
 * Slots are in proportion to the weights, to within one, and each key draws its own way through those of pods that are out:
 * the picks are draws among the slots of the live pods, of which the contract leaves 3,361 at least.
 */
const slots = (picks: number, share: number) => fiveSigma(picks, share) + picks / 3361;

policyContract("maglev", maglev, { options: {}, keyed: true, bound: slots });
policyContract("maglev with what places unkeyed requests", maglev, {
  options: { by: "$http_x_user", tableSize: 131_071 },
  keyed: true,
  bound: slots,
});

envoyCases("maglev", maglev, (core, hosts) => core.maglev(hosts, 65_537));
