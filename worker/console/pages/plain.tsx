import { html, type Login } from "../access.ts";
import { Plain } from "../layout.tsx";
import { AT, HOME } from "../places.ts";

const WRONG: Readonly<Record<Exclude<Login, "in">, readonly [status: number, words: string]>> = {
  wrong: [403, "This is no token of this deployment."],
  "too-many": [429, "Ten logins failed within a minute. Wait a minute, or enter the right token."],
  off: [503, "The console is off: set MOORING_ADMIN_TOKEN, and a MOORING_SECRET of at least 32 bytes."],
};

/** Where a token is entered. @param to where it leads then */
export function loginPage(to: string, login?: Exclude<Login, "in">): Response {
  const [status, words] = login === undefined ? [200, undefined] : WRONG[login];
  const page = (
    <Plain title="Log in">
      <h1>Console</h1>
      <form method="post" action={`${AT}/login`} class="login">
        {words !== undefined && (
          <p class="trouble" role="alert" id="wrong">
            {words}
          </p>
        )}
        <input type="hidden" name="to" value={to} />
        <label for="token">Admin token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          {...(words === undefined ? {} : { "aria-invalid": "true", "aria-describedby": "wrong" })}
        />
        <button type="submit" class="main">
          Log in
        </button>
        <p class="faint">
          MOORING_ADMIN_TOKEN may do everything, MOORING_DRAIN_TOKEN drain, MOORING_READ_TOKEN look. A login
          lasts 12 hours.
        </p>
      </form>
    </Plain>
  );
  const answer = html(`<!DOCTYPE html>${page}`, status);
  if (status === 429) answer.headers.set("retry-after", "60");
  return answer;
}

function plain(status: number, title: string, detail: string): Response {
  const page = (
    <Plain title={title}>
      <h1>{title}</h1>
      <p>{detail}</p>
      <p>
        <a href={HOME}>To the console</a>
      </p>
    </Plain>
  );
  return html(`<!DOCTYPE html>${page}`, status);
}

/** A form of somebody whose login has ended: loaded again after another login, this page sends it again. */
export function ended(to: string): Response {
  const page = (
    <Plain title="Your login has ended">
      <h1>Your login has ended</h1>
      <p>
        Nothing was done. To send what you wrote, log in in another tab, then load this page again: your
        browser asks whether to send the form once more.
      </p>
      <p>
        <a href={`${AT}/login?to=${encodeURIComponent(to)}`} target="_blank" rel="noopener">
          Log in in another tab
        </a>
      </p>
    </Plain>
  );
  return html(`<!DOCTYPE html>${page}`, 403);
}

export const foreign = () =>
  plain(403, "Not from here", "Nothing was done: the request does not come from a page of this console.");
export const missing = () => plain(404, "Nothing is here", "The console has no such page.");
export const failed = () => plain(500, "Something went wrong here", "The log of the worker says what.");
export const tooLarge = () =>
  plain(413, "This is too much", "A config may have at most 5 MB. Nothing was done.");
