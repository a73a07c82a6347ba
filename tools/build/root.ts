import { fileURLToPath } from "node:url";

/** The top folder of this checkout, without a slash at the end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
