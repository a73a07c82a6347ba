import { command } from "../command.ts";
import { Failure } from "../failure.ts";

export const rollback = command({
  name: "rollback",
  description: "Write an earlier revision's config once more: the one before, unless another is named",
  args: { revision: { type: "positional", description: "A revision of mooring history", required: false } },
  async run({ revision }, { api }) {
    const { json: now, etag } = await api.send<{ revision: number }>("GET", "/config");
    const target = revision === undefined ? now.revision - 1 : Number(revision);
    if (!Number.isSafeInteger(target)) throw new Failure("usage", `${revision} is no revision`);
    const headers = { "if-match": etag };
    const { json } = await api.send<{ revision: number }>("POST", "/config/rollback", {
      body: { revision: target },
      headers,
    });
    return { json, text: `Revision ${json.revision} is what revision ${target} was.` };
  },
});
