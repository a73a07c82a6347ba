import { jsonAnswer, type RestFault } from "./fault.ts";

/** What Upstash says with a status. */
const MESSAGES: Record<number, string> = {
  401: "WRONGPASS invalid or missing auth token",
  429: "ERR max daily request limit exceeded",
};

/** Answers with a status, 500 unless another is given, and does nothing. */
export const status =
  ({ status = 500 }: { status?: number } = {}): RestFault =>
  async () => {
    const message = MESSAGES[status];
    if (message !== undefined) return jsonAnswer({ error: message }, status);
    return { status, type: "text/plain", body: Buffer.from("upstream connect error\n") };
  };
