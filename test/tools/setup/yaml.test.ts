import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { parseEvents, type YAMLException } from "js-yaml";
import { expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { shakeable } from "../../../tools/setup/yaml.mjs";

const source = readFileSync(join(root, "node_modules/js-yaml/dist/js-yaml.mjs"), "utf8");

it("reads every text as the package does, and leaves out of a bundle what nobody uses", async () => {
  const entry = 'export { parseEvents } from "js-yaml";';
  const bundled = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents: entry },
      bundle: true,
      write: false,
      format: "esm",
      plugins: [
        {
          name: "as-given",
          setup(api) {
            api.onResolve({ filter: /^js-yaml$/ }, () => ({ path: "yaml", namespace: "given" }));
            api.onLoad({ filter: /.*/, namespace: "given" }, () => ({ contents }));
          },
        },
      ],
    });
    return outputFiles[0]!.text;
  };
  const [whole, shaken] = await Promise.all([bundled(source), bundled(shakeable(source))]);
  expect(whole).toContain("tag:yaml.org,2002:timestamp");
  // An update of the package that is written otherwise must not go unseen.
  expect(shaken).not.toContain("tag:yaml.org,2002:");
  expect(shaken).not.toContain("snippet =");
  expect(shaken.length).toBeLessThan(0.65 * whole.length);
  const module = (await import(`data:text/javascript,${encodeURIComponent(shaken)}`)) as {
    parseEvents: typeof parseEvents;
  };
  const goldens = join(root, "test/config/goldens");
  for (const name of readdirSync(goldens)) {
    for (const text of readFileSync(join(goldens, name), "utf8").split(/^-{4,}.*$/m)) {
      const events = (parse: typeof parseEvents) => {
        try {
          return parse(text, {});
        } catch (error) {
          const { reason, mark } = error as YAMLException;
          return [reason, mark?.line, mark?.column, mark?.position];
        }
      };
      expect(events(module.parseEvents), text).toEqual(events(parseEvents));
    }
  }
});
