import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../build/root.ts";
import { openapi } from "./document.ts";

/** `npm run openapi`: writes the document that the worker serves. A test says when that is to be done. */
const path = join(root, "worker", "admin", "openapi.json");
writeFileSync(path, JSON.stringify(openapi()));
spawnSync("biome", ["format", "--write", path], { stdio: "inherit" });
