import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Hono } from "hono/tiny";
import { expect, it } from "vitest";
import { root } from "../../../tools/build/root.ts";
import { LEFT_OUT, smaller, without } from "../../../tools/setup/hono.mjs";

const read = (path: string) => readFileSync(join(root, "node_modules/hono/dist", path), "utf8");

it("takes out every member that it names, and nothing else", () => {
  for (const [path, names] of Object.entries(LEFT_OUT)) {
    const whole = read(path);
    for (const name of names) {
      const left = without(whole, [name]);
      // An update of the package that is written otherwise must not go unseen.
      expect(left.length, `${path}: ${name}`).toBeLessThan(whole.length);
    }
  }
  const text =
    "class A {\n\ta = 1;\n\t/**\n\t* b\n\t*/\n\tb() {\n\t\treturn {\n\t\t};\n\t}\n\tget c() {\n\t}\n}";
  expect(without(text, ["b"])).toBe("class A {\n\ta = 1;\n\tget c() {\n\t}\n}");
});

it("leaves in what the worker uses of the app, of a context and of its request", () => {
  const worker = readdirSync(join(root, "worker"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(root, "worker", name), "utf8"))
    .join("\n");
  const used = (pattern: RegExp) => [...worker.matchAll(pattern)].map(([, name]) => name!);
  const request = used(/\bc(?:ontext)?\.req\.(\w+)/g);
  expect(request).toContain("param");
  const uses = {
    "hono-base.js": used(/\b(?:app|pages)\.(\w+)/g),
    "context.js": used(/\bc(?:ontext)?\.(\w+)/g),
    "request.js": request,
  };
  for (const [path, names] of Object.entries(uses)) {
    expect(
      names.filter((name) => LEFT_OUT[path]!.includes(name)),
      `take it off the list of ${path} in tools/setup/hono.mjs`,
    ).toEqual([]);
  }
});

it("routes, answers and fails as the package does", async () => {
  const files = smaller(read);
  const { outputFiles } = await build({
    stdin: { contents: 'export { Hono } from "hono/tiny";' },
    bundle: true,
    write: false,
    format: "esm",
    plugins: [
      {
        name: "smaller",
        setup(api) {
          api.onResolve({ filter: /^hono\/tiny$/ }, () => ({ path: "preset/tiny.js", namespace: "smaller" }));
          api.onResolve({ filter: /^\./, namespace: "smaller" }, ({ path, importer }) => ({
            path: join(importer, "..", path),
            namespace: "smaller",
          }));
          api.onLoad({ filter: /.*/, namespace: "smaller" }, ({ path }) => ({ contents: files.get(path)! }));
        },
      },
    ],
  });
  const module = (await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`)) as {
    Hono: typeof Hono;
  };
  const answers = async (Class: typeof Hono) => {
    const app = new Class();
    app.use("/a/*", async (c, next) => {
      await next();
      c.header("x-seen", c.req.header("x-in") ?? "none");
    });
    app.get("/a/:one", (c) => c.text(`${c.req.param("one")} ${c.req.query("q")} ${c.req.path}`));
    app.get("/a/fails/here", () => {
      throw new Error("as meant");
    });
    app.all("/a/:one", (c) => c.json({ method: c.req.method }, 405));
    app.notFound(() => new Response("nothing", { status: 404 }));
    app.onError((error) => new Response(error.message, { status: 500 }));
    const told = [];
    for (const [method, path] of [
      ["GET", "/a/b?q=1%20+2"],
      ["GET", "/a/%e4%b8%ad%zz"],
      ["HEAD", "/a/b"],
      ["PUT", "/a/b"],
      ["GET", "/a/fails/here"],
      ["GET", "/elsewhere"],
    ] as const) {
      const response = await app.fetch(
        new Request(`http://host${path}`, { method, headers: { "x-in": "y" } }),
      );
      told.push([response.status, [...response.headers], await response.text()]);
    }
    return told;
  };
  expect(await answers(module.Hono)).toEqual(await answers(Hono));
  expect(module.Hono.prototype).not.toHaveProperty("mount");
});
