import type { RestFault } from "./fault.ts";

const PAGE =
  "<!doctype html><html><head><title>One moment</title></head><body><h1>Be right back</h1></body></html>";

/** Answers with a page, as a captive portal or a proxy in between does, and does nothing. */
export const html =
  ({ status = 200 }: { status?: number } = {}): RestFault =>
  async () => ({ status, type: "text/html; charset=utf-8", body: Buffer.from(PAGE) });
