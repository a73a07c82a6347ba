import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { FleetPod } from "../../../tools/fleet/pod-process.ts";

const { execPath } = process;
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mooring-pod-"));
});
afterEach(() => {
  process.execPath = execPath;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("a pod whose process cannot be made says so, and can be started later", async () => {
  const pod = await FleetPod.start("web-0", join(dir, "arrivals"));
  try {
    await pod.kill();
    process.execPath = join(dir, "no-such-program");
    await expect(pod.revive()).rejects.toThrow(/web-0 did not start on port \d+: .*ENOENT/);
    process.execPath = execPath;
    await pod.revive();
    expect((await fetch(pod.url)).status).toBe(200);
  } finally {
    await pod.kill();
  }
});

it.skipIf(!existsSync("/proc"))(
  "a pod that dies when it is told to change does not hold up who told it",
  async () => {
    const pod = await FleetPod.start("web-1", join(dir, "arrivals"));
    try {
      pod.pause();
      const told = pod.behave({ ready: false });
      process.kill(pod.pid!, "SIGKILL");
      await expect(told).rejects.toThrow("web-1 died before it changed");
    } finally {
      await pod.kill();
    }
  },
);
