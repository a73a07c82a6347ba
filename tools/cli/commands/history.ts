import { command } from "../command.ts";
import { age, table } from "../print.ts";

export const history = command({
  name: "history",
  description: "Who wrote which revision of the config, the newest first",
  async run(_, { api, paint }) {
    const json = await api.get<{ revisions: { revision: number; at: number; who: string }[] }>(
      "/config/history",
    );
    const now = Date.now();
    const rows = json.revisions.map(({ revision, at, who }) => [revision, `${age(at, now)} ago`, who]);
    return { json, text: table(["revision", "when", "who"], rows, paint) };
  },
});
