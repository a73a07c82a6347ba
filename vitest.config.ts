import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { ALIAS } from "./tools/build/bundle.ts";

/** Real processes start in many tests; a hang is still found in half a minute. */
const limits = { testTimeout: 30_000, hookTimeout: 30_000 };

/** What touches nothing but src/ and the core: these share their modules, of which nothing is changed. */
const PURE = [
  "affinity",
  "config",
  "core",
  "events",
  "doctor",
  "health",
  "kubernetes",
  "metrics",
  "model",
  "plan",
  "policies",
  "route",
  "sessions",
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    // Most of a test of processes is waiting: three files at once keep two cores busy, and four make slow ones late.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "pure",
          include: PURE,
          exclude: ["test/**/*.workers.test.ts"],
          pool: "threads",
          isolate: false,
          ...limits,
        },
      },
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.workers.test.ts", "test/long/**", ...PURE],
          // What they change is processes of their own; to load all modules anew for each file took a fifth of the time.
          isolate: false,
          ...limits,
        },
      },
      {
        resolve: { alias: ALIAS },
        plugins: [
          cloudflareTest({
            main: "./worker/index.ts",
            wrangler: { configPath: "./wrangler.toml" },
            verbose: false,
            miniflare: { cf: false },
          }),
        ],
        test: { name: "workers", include: ["test/**/*.workers.test.ts"], ...limits },
      },
    ],
  },
});
