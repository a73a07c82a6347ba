/// <reference path="./modules.d.ts" />
import wasm from "../build/core.wasm";
import { Core } from "../src/core/core.ts";

/** Loaded once for each isolate, before any request. */
export const core = new Core(wasm);
