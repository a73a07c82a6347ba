const RETRY = 1000;

/** Resolves after a second, or as soon as the page becomes visible again, as timers may have been asleep. */
export function pause() {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    const timer = setTimeout(done, RETRY);
    document.addEventListener("visibilitychange", done);
  });
}

async function readOnce(url, onEvent) {
  const response = await fetch(url, { headers: { accept: "text/event-stream" }, cache: "no-store" });
  if (!response.ok) {
    await response.body?.cancel();
    return response.status;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return 0;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) if (event.startsWith("data: ")) onEvent(JSON.parse(event.slice(6)), response);
  }
}

/**
 * Reads a server-sent event stream for as long as the page is open, beginning again when it ends. With fetch, as an
 * EventSource gives up on an error status and hides the response headers. `onEnd(status)` is awaited before each new try;
 * the status is 0 when the stream broke off and -1 when the edge could not be reached at all.
 */
export async function follow(url, onEvent, onEnd) {
  for (;;) {
    let reached = false;
    let status;
    try {
      status = await readOnce(url, (event, response) => {
        reached = true;
        onEvent(event, response);
      });
    } catch (error) {
      // A TypeError is how fetch says that the network failed; anything else is a bug of this page.
      if (!(error instanceof TypeError)) console.error(error);
      status = reached ? 0 : -1;
    }
    await onEnd(status);
    if (!reached) await pause();
  }
}
