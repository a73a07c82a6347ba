/** Commands that show what runs, each on a line of its own; `token` undefined when the user knows it. */
export function toTry({
  edge,
  token,
  demo,
}: {
  edge: string;
  token: string | undefined;
  demo: boolean;
}): string {
  const bearer = token ?? "$MOORING_ADMIN_TOKEN";
  const lines = demo
    ? [
        "  The demo, in a browser: fill a cart, kill its pod, see who was moved and why",
        `    ${edge}/`,
        "  The same from here: the second answer comes from the same pod",
        `    curl -sc jar -b jar ${edge}/whoami; curl -sc jar -b jar ${edge}/whoami`,
      ]
    : ["  A session, kept by a cookie jar", `    curl -ic jar -b jar ${edge}/`];
  return [
    "",
    "Try:",
    ...lines,
    "  The console, with the admin token",
    `    ${edge}/_mooring/`,
    "  The config",
    `    curl -H "Authorization: Bearer ${bearer}" ${edge}/_mooring/v1/config`,
    "",
    "Ctrl-C ends everything.",
  ].join("\n");
}
