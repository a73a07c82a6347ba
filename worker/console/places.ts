/** The console's first page. */
export const HOME = "/_mooring/";
/** Below this are its others. */
export const AT = "/_mooring/console";

/** Whether a path is the console's, and not the admin API's. */
export function isConsole(path: string): boolean {
  return path === "/_mooring" || path === HOME || path === AT || path.startsWith(`${AT}/`);
}

/** A page of the console as somebody may name it in a form or a link: nothing else is ever led to. */
export function placeOf(text: string | undefined): string {
  // Steps upwards lead out of it, and a browser takes them in either spelling.
  return text !== undefined &&
    !/\/(?:\.|%2e)/i.test(text) &&
    /^\/_mooring\/(?:console(?:\/[\w!$'()*+,./:;=@~%-]*)?(?:\?[\w!$&'()*+,./:;=?@~%-]*)?)?$/.test(text)
    ? text
    : HOME;
}

export const poolPage = (pool: string) => `${AT}/pools/${encodeURIComponent(pool)}`;
export const podPage = (pool: string, pod: string) => `${poolPage(pool)}/pods/${encodeURIComponent(pod)}`;
export const sessionPage = (sid: string) => `${AT}/sessions/${encodeURIComponent(sid)}`;
