import { defineConfig } from "vitest/config";

/** Suites whose windows are minutes of real time, and that a machine busy with others would spoil: `npm run alerts`. */
export default defineConfig({
  test: { include: ["test/long/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 60_000 },
});
