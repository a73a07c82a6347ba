import { parseTexts } from "../../../src/kubernetes/parse-text.ts";
import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { yamlOf } from "../yaml.ts";
import { FILES, filesIn, readText } from "./file.ts";

export const translate = command({
  name: "translate",
  description: "Print the native config that Kubernetes objects come to; what is not in it goes to stderr",
  args: FILES,
  words: true,
  async run({ json }, { say, raw }) {
    const texts = filesIn(raw).map((name) => ({ name: name === "-" ? "stdin" : name, text: readText(name) }));
    const parsed = parseTexts(texts.length === 1 ? [{ ...texts[0]!, name: "" }] : texts);
    if (!parsed.ok) {
      const { errors } = parsed;
      if (json) return { json: { errors }, text: "", no: true };
      const lines = errors.map(
        ({ path, message, hint }) => `  ${path || "(top)"}: ${message}${hint && ` (${hint})`}`,
      );
      throw new Failure("no", `the documents are not valid:\n${lines.join("\n")}`);
    }
    const { document, notices } = parsed;
    if (!json)
      for (const { level, object, path, message } of notices)
        say(`${level}: ${[object, path].filter(Boolean).join(": ")}: ${message}`);
    return { json: { document, notices }, text: yamlOf(document).trimEnd() };
  },
});
