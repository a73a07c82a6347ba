import type { Child } from "hono/jsx";
import { FLEET_KINDS } from "../../src/events/catalog.ts";
import { names } from "./assets.ts";
import { AT, HOME } from "./places.ts";

/** Where the nav leads, in its order. */
const PLACES = [
  ["Overview", HOME],
  ["Pools", `${AT}/pools`],
  ["Keys", `${AT}/keys`],
  ["Sessions", `${AT}/sessions`],
  ["Plan", `${AT}/plan`],
  ["Explain", `${AT}/explain`],
  ["Alerts", `${AT}/alerts`],
  ["Doctor", `${AT}/doctor`],
  ["Events", `${AT}/events`],
] as const;
export type Place = (typeof PLACES)[number][0];

interface Frame {
  readonly title: string;
  readonly children?: Child;
}

/** What every page is in: no style and no script in it but by their files. */
function Document({ title, children, every }: Frame & { every?: number }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · Mooring`}</title>
        <link rel="icon" href={`${AT}/assets/${names().icon}`} type="image/svg+xml" />
        <link rel="stylesheet" href={`${AT}/assets/${names().css}`} />
        <script src={`${AT}/assets/${names().js}`} defer />
      </head>
      <body
        {...(every === undefined ? {} : { "data-every": String(every), "data-kinds": FLEET_KINDS.join() })}
      >
        {children}
      </body>
    </html>
  );
}

/**
 * A page of whoever has logged in.
 *
 * @param place which entry of the nav it belongs to
 * @param every how often its live parts are fetched anew, seconds
 */
export function Layout({
  title,
  place,
  who,
  every,
  children,
}: Frame & { place: Place; who: string; every: number }) {
  return (
    <Document title={title} every={every}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={HOME}>
          <Mark />
          Mooring
        </a>
        <nav aria-label="Console">
          <ul>
            {PLACES.map(([name, href]) => (
              <li>
                <a href={href} {...(name === place ? { "aria-current": "page" } : {})}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          <span id="live" class="live" role="status" />
          <form method="post" action={`${AT}/logout`}>
            <button type="submit" class="quiet">
              Log out <span class="faint">{who}</span>
            </button>
          </form>
        </div>
      </header>
      <p id="lost" class="banner" role="alert" hidden />
      <main id="main" tabindex={-1}>
        {children}
      </main>
    </Document>
  );
}

/** A page for nobody in particular: nothing of the deployment is in it. */
export function Plain({ title, children }: Frame) {
  return (
    <Document title={title}>
      <main id="main" class="plain">
        <p class="brand">
          <Mark />
          Mooring
        </p>
        {children}
      </main>
    </Document>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="5" r="2.5" />
      <path d="M12 7.5V21M7.5 11h9M4 14a8 8 0 0 0 16 0" />
    </svg>
  );
}
