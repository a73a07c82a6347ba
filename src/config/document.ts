import { Composer, CST, type Document, isMap, isScalar, Lexer, LineCounter, Parser, visit } from "yaml";
import { Fault } from "../affinity/option.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import { MAX_ALIASES, MAX_DEPTH, MAX_TEXT, TOO_ALIASED, TOO_DEEP, TOO_LONG } from "./limits.ts";

/** The core schema of YAML 1.2, of which JSON is a part. Duplicate keys are looked for below, in linear time. */
const OPTIONS = {
  version: "1.2",
  schema: "core",
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
} as const;

type Read = { readonly document: unknown } | { readonly errors: Diagnostic[] };

/** A text of YAML or JSON → the plain value that it holds. Never throws; costs linear time. */
export function readDocument(text: string): Read {
  if (text.length > MAX_TEXT) return refuse(TOO_LONG);
  const lines = new LineCounter();
  const read = compose(text, lines);
  if (read instanceof Fault) return refuse(read);
  const { yaml, more } = read;
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  if (more) {
    return refuse(
      new Fault("the text holds several documents", 'leave one, without the "---" between documents'),
    );
  }
  const errors = yaml.errors.map(({ pos, code, message }) =>
    diagnostic(
      [],
      new Fault(`${at(pos[0])}: ${brief(message)}`, HINTS[code] ?? "mend the YAML or JSON there"),
    ),
  );
  for (const { pos, message } of yaml.warnings) {
    errors.push(
      diagnostic([], new Fault(`${at(pos[0])}: ${brief(message)}`, "leave the tag or directive out")),
    );
  }
  errors.push(...duplicates(yaml, at));
  if (errors.length > 0) return { errors };
  return toPlain(yaml);
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "indent with blanks",
  NON_STRING_KEY: "keys are names: write a text",
  BAD_INDENT: "indent the lines of one map alike, and close every bracket",
  MISSING_CHAR: "close the quote or bracket",
  BLOCK_AS_IMPLICIT_KEY: 'put a text with ": " in quotes',
  UNEXPECTED_TOKEN: "put the text in quotes, or mend the indentation",
};

/** The parser quotes the text in full, and may find whole lines unexpected. */
function brief(message: string): string {
  const line = message.replace(/\p{Cc}+/gu, " ");
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function refuse(fault: Fault): Read {
  return { errors: [diagnostic([], fault)] };
}

/** Lexer, parser and composer in step, so that a text made to exhaust them is left before it does. */
function compose(text: string, lines: LineCounter): { yaml: Document.Parsed; more: boolean } | Fault {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer(OPTIONS);
  let fault: Fault | undefined;
  function* tokens(): Generator<CST.Token, void> {
    lines.addNewLine(0);
    const marks = { alias: 0, anchor: 0 };
    for (const lexeme of new Lexer().lex(text)) {
      const type = CST.tokenType(lexeme);
      if (type === "alias" || type === "anchor") marks[type]++;
      yield* parser.next(lexeme);
      if (parser.stack.length > 2 * MAX_DEPTH) fault = TOO_DEEP;
      if (marks.alias > MAX_ALIASES || marks.anchor > MAX_ALIASES) fault = TOO_ALIASED;
      // What stands on the stack is left unfinished, so nothing deep is ever composed.
      if (fault !== undefined) return;
    }
    yield* parser.end();
  }
  const documents = composer.compose(tokens(), true, text.length);
  const first = documents.next();
  if (fault !== undefined) return fault;
  if (first.done) return EMPTY;
  const more = documents.next().done === false;
  return fault ?? { yaml: first.value, more };
}

const EMPTY = new Fault("the config is empty", "write at least version, pools and routes");

/** Keys that stand twice in one map: the later would silently win. */
function duplicates(yaml: Document.Parsed, at: (offset: number) => string): Diagnostic[] {
  const errors: Diagnostic[] = [];
  visit(yaml, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const where = key.range === null || key.range === undefined ? "" : `${at(key.range[0])}: `;
        if (seen.has(name)) {
          const message = `${where}the key ${JSON.stringify(name.slice(0, 60))} stands twice in one map`;
          errors.push(diagnostic([], new Fault(message, "leave one of them out")));
        }
        seen.add(name);
      }
    },
  });
  return errors;
}

function toPlain(yaml: Document.Parsed): Read {
  if (yaml.contents === null || (isScalar(yaml.contents) && yaml.contents.value === null))
    return refuse(EMPTY);
  if (!isMap(yaml.contents)) {
    return refuse(new Fault("the config is not a map", "write version, pools and routes as keys"));
  }
  try {
    // Aliases come out as shared values; their number is bounded above, and what they amount to by inspect.
    return { document: yaml.toJS({ maxAliasCount: -1 }) as unknown };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return refuse(new Fault(brief(error.message), "set the anchor before the alias"));
  }
}
