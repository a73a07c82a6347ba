import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../build/root.ts";
import { openapi } from "./document.ts";

/** `npm run openapi`: writes the document that the worker serves. A test says when that is to be done. */
writeFileSync(join(root, "worker", "admin", "openapi.txt"), `${JSON.stringify(openapi(), undefined, 1)}\n`);
