import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { ALIAS } from "./tools/build/bundle.ts";

/** Real processes start in many tests; a hang is still found in half a minute. */
const limits = { testTimeout: 30_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    // Most of a test of processes is waiting: three files at once keep two cores busy for four minutes of five.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.workers.test.ts"],
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
