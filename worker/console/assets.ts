import { fmix } from "../../src/core/hash.ts";
import css from "./assets/console.css?raw";
import js from "./assets/console.js?raw";

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0b7285" stroke-width="2.2" stroke-linecap="round"><circle cx="12" cy="5" r="2.5"/><path d="M12 7.5V21M7.5 11h9M4 14a8 8 0 0 0 16 0"/></svg>';

interface Asset {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

const ASSETS = {
  css: asset("console", "css", "text/css; charset=utf-8", css),
  js: asset("console", "js", "text/javascript; charset=utf-8", js),
  icon: asset("icon", "svg", "image/svg+xml", ICON),
};

/** A file by the hash of its text: another text has another name, so a copy is good for ever. */
function asset(name: string, ending: string, type: string, text: string): Asset {
  return { name: `${name}.${digest(text)}.${ending}`, type, text };
}

/** Tells versions of a file apart, and nothing more: 64 bits, FNV-1a twice, mixed. */
function digest(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ fmix(code + i), 0x01000193);
  }
  return [a, b].map((half) => fmix(half).toString(16).padStart(8, "0")).join("");
}

export function names(): Readonly<Record<keyof typeof ASSETS, string>> {
  return { css: ASSETS.css.name, js: ASSETS.js.name, icon: ASSETS.icon.name };
}

/** Nothing in them is of the deployment, so who has not logged in may have them. */
export function getAsset(name: string): Response {
  const found = Object.values(ASSETS).find((one) => one.name === name);
  if (found === undefined) return new Response("Nothing is here.\n", { status: 404 });
  return new Response(found.text, {
    headers: { "content-type": found.type, "cache-control": "public, max-age=31536000, immutable" },
  });
}
