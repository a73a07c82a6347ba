#!/usr/bin/env node
// Runs the tool by the Node that can, wherever it was called: paths are the caller's.
process.env.INIT_CWD ??= process.cwd();
process.argv.splice(2, 0, "tools/cli/main.ts");
await import("../setup/run.mjs");
