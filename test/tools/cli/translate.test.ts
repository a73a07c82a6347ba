import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { findNode } from "../../../tools/setup/node.mjs";

const { path: node, flags } = findNode(root);
const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n";
const ENDPOINTS = JSON.stringify({
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "web" },
  subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 8080 }] }],
});

/** It asks no server: there is none at the url that it has. */
function run(args: string[], input = ""): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, MOORING_URL: "http://127.0.0.1:9", NO_COLOR: "1" };
    const child = execFile(
      node,
      [...flags, join(root, "tools/cli/main.ts"), "translate", ...args],
      { env },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end(input);
  });
}

describe("npx mooring translate", { timeout: 60_000 }, () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mooring-translate-"));
    writeFileSync(file("service.yaml"), SERVICE);
    writeFileSync(file("endpoints.json"), ENDPOINTS);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("prints native YAML of all files, and on stderr what is not in it", async () => {
    const { code, out, err } = await run(["-f", file("service.yaml"), file("endpoints.json")]);
    expect({ code, out }).toEqual({
      code: 0,
      out: `version: 1
pools:
  default-web-80:
    policy: random
    affinity: none
    pods:
      - {id: 10.0.0.1:8080, url: http://10.0.0.1:8080}
routes:
  - path: /
    pool: default-web-80
`,
    });
    expect(err).toMatch(/^changed: Service default\/web: it is the only Service/);
  });

  it("prints both as one object for programs, from stdin, each file after a flag of its own", async () => {
    const { code, out, err } = await run(["-f", "-", `--file=${file("endpoints.json")}`, "--json"], SERVICE);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({
      document: { pools: { "default-web-80": { pods: [{ url: "http://10.0.0.1:8080" }] } } },
      notices: [{ level: "changed", object: "Service default/web" }],
    });
  });

  it("ends with 1 when something is refused, and says which file it is in", async () => {
    writeFileSync(file("bad.yaml"), `${SERVICE}---\na: [`);
    const { code, out, err } = await run(["-f", file("service.yaml"), file("bad.yaml")]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/bad\.yaml: line 6/);
    const json = await run(["-f", "-", "--json"], SERVICE.replace("80", "0"));
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      errors: [{ path: "Service default/web: spec.ports[0].port" }],
    });
  });

  it("ends with 2 without a file that can be read", async () => {
    expect((await run([])).code).toBe(2);
    expect((await run(["-f", file("none.yaml")])).code).toBe(2);
  });
});
