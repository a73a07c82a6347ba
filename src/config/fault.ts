// For the layers above, which know the config and not the registries below it.
export { Fault, shown } from "../affinity/option.ts";
